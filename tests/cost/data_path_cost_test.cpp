// What a steady stream costs the driver: no allocation, one system call to send a train, and
// datagrams received many at a time. A program of its own: it replaces operator new and the
// system's calls for datagrams by ones that count.
#include <dlfcn.h>
#include <sys/socket.h>

#include <cstdlib>
#include <new>

#include "tests/data_path/host.hpp"

namespace {

bool is_counting = false;
std::int64_t allocations = 0;

struct Calls {
    std::int64_t calls = 0;
    std::int64_t datagrams = 0;
    std::int64_t bytes = 0;
};
Calls sends;     // of data; answers are not longer than a frame's header and a bit
Calls receives;  // that brought data

constexpr std::int64_t kShort = 64;

void* counted_allocation(std::size_t length, std::size_t alignment) {
    if (is_counting) ++allocations;
    void* const memory =
        alignment > alignof(std::max_align_t)
            ? std::aligned_alloc(alignment, (length + alignment - 1) / alignment * alignment)
            : std::malloc(length);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

template <typename Function>
Function* system_call(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

void count(Calls& calls, const mmsghdr* messages, int done, std::size_t segments_of) {
    if (!is_counting || done <= 0) return;
    std::int64_t bytes = 0;
    for (int i = 0; i < done; ++i) bytes += messages[i].msg_len;
    if (bytes <= kShort) return;
    ++calls.calls;
    calls.bytes += bytes;
    calls.datagrams += bytes / static_cast<std::int64_t>(segments_of);
}

constexpr std::size_t kFrame = 1'056;  // of 1 KiB with its header

}  // namespace

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
    count(sends, messages, done, kFrame);
    return done;
}

extern "C" int recvmmsg(int fd, mmsghdr* messages, unsigned length, int flags, timespec* timeout) {
    static auto* const real = system_call<int(int, mmsghdr*, unsigned, int, timespec*)>("recvmmsg");
    const int done = real(fd, messages, length, flags, timeout);
    count(receives, messages, done, kFrame);
    return done;
}

namespace tern::data_path {
namespace {

class Cost : public Hosts {
  protected:
    /// Streams 1 KiB messages for a while; what the driver did meanwhile is counted. The window is
    /// full whenever the driver gets its turn.
    void stream(const std::string& parameters, std::int64_t cycles) {
        Host& host = start();
        const std::string channel = "aeron:udp?endpoint=" + free_endpoint() + parameters;
        const auto subscription = host.aeron().add_subscription(channel, kStream);
        const auto publication = host.aeron().add_exclusive_publication(channel, kStream);
        await([&] { return publication->is_connected() && subscription->is_connected(); },
              "a connection");
        const std::vector<std::byte> message(1'024);
        const auto cycle = [&] {
            while (publication->offer(message) > 0) continue;
            host.driver().invoke();
            subscription->poll([](ConstBytes, const client::Header&) {}, 1'000);
        };
        for (int i = 0; i < 2'000; ++i) cycle();  // what is made once has been made
        sends = receives = {};
        allocations = 0;
        is_counting = true;
        for (std::int64_t i = 0; i < cycles; ++i) cycle();
        is_counting = false;
        host.aeron().do_work();
        position = publication->position();
    }

    std::int64_t position = 0;
};

TEST_F(Cost, NoAllocationAndOneSystemCallATrain) {
    constexpr std::int64_t kCycles = 20'000;
    stream("", kCycles);
    EXPECT_EQ(allocations, 0);
    EXPECT_GT(sends.bytes, 50 << 20) << "it flowed";
    EXPECT_LE(sends.calls, kCycles) << "a train a cycle, a call a train";
    EXPECT_GE(sends.datagrams, 16 * sends.calls) << "trains, not single datagrams";
    EXPECT_GE(receives.datagrams, 16 * receives.calls);
    std::printf("%ld datagrams in %ld calls to send and %ld to receive\n", sends.datagrams,
                sends.calls, receives.calls);
}

TEST_F(Cost, RecoveryAndGroupsAllocateNothingEither) {
    stream("|cc=cubic|nak-delay=100us", 20'000);
    EXPECT_EQ(allocations, 0);
    EXPECT_GT(sends.bytes, 20 << 20);
}

}  // namespace
}  // namespace tern::data_path
