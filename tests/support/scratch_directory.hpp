#pragma once
// A fresh directory under /dev/shm, removed with all below it.

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "tern/platform/platform.hpp"

namespace tern::support {

class ScratchDirectory {
  public:
    explicit ScratchDirectory(platform::Platform platform)
        : platform_(platform),
          path_(fmt::format("/dev/shm/tern-test-{}-{:016x}", platform.system.process_id(),
                            platform.random.next_u64())) {
        platform_.storage.create_directories(path_, platform::Visibility::owner_only);
    }
    ~ScratchDirectory() { platform_.storage.remove_all(path_); }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    platform::Platform platform_;
    std::string path_;
};

/// "127.0.0.1:port" that nobody has now. It lies below the ports that Linux hands out by itself, so
/// that it does not become somebody's before it is used.
[[nodiscard]] inline std::string free_endpoint(platform::Platform platform) {
    constexpr std::uint64_t kFirst = 10'000;
    constexpr std::uint64_t kCount = 20'000;
    static std::atomic<std::uint64_t> next = platform.random.next_u64();
    for (;;) {
        platform::UdpSocketOptions options;
        options.bind_address = platform::SocketAddress::ipv4(
            {127, 0, 0, 1}, static_cast<std::uint16_t>(kFirst + next++ % kCount));
        if (platform.network.open(options)) return options.bind_address.to_string();
    }
}

}  // namespace tern::support
