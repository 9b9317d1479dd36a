#pragma once
// A fresh directory under /dev/shm, removed with all below it.

#include <fmt/format.h>

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

/// "127.0.0.1:port" that nobody had a moment ago.
[[nodiscard]] inline std::string free_endpoint(platform::Platform platform) {
    platform::UdpSocketOptions options;
    options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
    auto socket = platform.network.open(options);
    return (*socket)->local_address().to_string();
}

}  // namespace tern::support
