#pragma once
// What the program has asked of the system: operator new and the calls for datagrams are replaced
// by ones that count while they are told to.
//
// Thread safety: none; one thread.

#include <cstdint>

namespace tern::cost {

struct Calls {
    std::int64_t calls = 0;
    std::int64_t bytes = 0;
};

struct Counted {
    bool is_counting = false;
    std::int64_t allocations = 0;
    Calls sends;     ///< of data; answers are no longer than a header and a bit
    Calls receives;  ///< that brought data
};
extern Counted counted;

}  // namespace tern::cost
