#include "tern/platform/posix/random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "tern/base/assert.hpp"
#include "tern/platform/split_mix.hpp"

namespace tern::platform::posix {

PosixRandom::PosixRandom() : state_(0) {
    std::uint64_t seed = 0;
    ssize_t read = 0;
    do {
        read = ::getrandom(&seed, sizeof(seed), 0);
    } while (read < 0 && errno == EINTR);
    TERN_ASSERT(read == sizeof(seed), "getrandom gives 8 bytes at once");
    state_.store(seed, std::memory_order_relaxed);
}

std::uint64_t PosixRandom::next_u64() noexcept {
    return split_mix(state_.fetch_add(kSplitMixIncrement, std::memory_order_relaxed) +
                     kSplitMixIncrement);
}

}  // namespace tern::platform::posix
