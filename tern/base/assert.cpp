#include "tern/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace tern {

void assertion_failed(const char* expression, const char* file, int line, const char* expectation) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n  expected: %s\n", file, line, expression,
                 expectation);
    std::fflush(stderr);
    std::abort();
}

}  // namespace tern
