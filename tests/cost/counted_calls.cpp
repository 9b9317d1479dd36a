#include "tests/cost/counted_calls.hpp"

#include <dlfcn.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace tern::cost {

Counted counted;

namespace {

constexpr std::int64_t kShort = 64;

void* counted_allocation(std::size_t length, std::size_t alignment) {
    if (counted.is_counting) ++counted.allocations;
    const std::size_t rounded = (length + alignment - 1) / alignment * alignment;
    void* const memory = alignment > alignof(std::max_align_t)
                             ? std::aligned_alloc(alignment, rounded)
                             : std::malloc(length);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

template <typename Function>
Function* system_call(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void count_one(Calls& calls, std::int64_t bytes) {
    if (!counted.is_counting || bytes <= kShort) return;
    ++calls.calls;
    calls.bytes += bytes;
}

void count(Calls& calls, const mmsghdr* messages, int done) {
    std::int64_t bytes = 0;
    for (int i = 0; i < done; ++i) bytes += messages[i].msg_len;
    count_one(calls, bytes);
}

}  // namespace
}  // namespace tern::cost

using namespace tern::cost;

void* operator new(std::size_t length) { return counted_allocation(length, 1); }
void* operator new(std::size_t length, std::align_val_t alignment) {
    return counted_allocation(length, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" int sendmmsg(int fd, mmsghdr* messages, unsigned length, int flags) {
    static auto* const real = system_call<int(int, mmsghdr*, unsigned, int)>("sendmmsg");
    const int done = real(fd, messages, length, flags);
    count(counted.sends, messages, done);
    return done;
}

extern "C" ssize_t send(int fd, const void* bytes, std::size_t length, int flags) {
    static auto* const real = system_call<ssize_t(int, const void*, std::size_t, int)>("send");
    const ssize_t done = real(fd, bytes, length, flags);
    count_one(counted.sends, done);
    return done;
}

extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
    static auto* const real = system_call<ssize_t(int, msghdr*, int)>("recvmsg");
    const ssize_t done = real(fd, message, flags);
    count_one(counted.receives, done);
    return done;
}

extern "C" int recvmmsg(int fd, mmsghdr* messages, unsigned length, int flags, timespec* timeout) {
    static auto* const real = system_call<int(int, mmsghdr*, unsigned, int, timespec*)>("recvmmsg");
    const int done = real(fd, messages, length, flags, timeout);
    count(counted.receives, messages, done);
    return done;
}
