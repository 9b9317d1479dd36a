#pragma once
// TERN_ASSERT: programmer errors. On in every build; prints what was expected and aborts.

namespace tern {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line,
                                   const char* expectation);

}  // namespace tern

#define TERN_ASSERT(condition, expectation)                                          \
    do {                                                                             \
        if (!(condition)) [[unlikely]]                                               \
            ::tern::assertion_failed(#condition, __FILE__, __LINE__, (expectation)); \
    } while (false)
