#pragma once
// The mapped CnC file of the driver, shared by everything in a client that reaches into it and
// unmapped when the last of them is gone: a handle that outlives its client touches memory that is
// still there.

#include <memory>
#include <string>
#include <vector>

#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/platform/storage.hpp"

namespace tern::client {

class CncMapping {
  public:
    /// `mapping` is that of a ready driver (memory::CncConnector).
    explicit CncMapping(std::unique_ptr<platform::Mapping> mapping)
        : mapping_(std::move(mapping)), file_(mapping_->bytes()), counters_(file_.counters()) {}

    [[nodiscard]] const memory::CncFile& file() const noexcept { return file_; }
    [[nodiscard]] const memory::CountersReader& counters() const noexcept { return counters_; }

    /// A handle to a counter named by the driver; throws Error when there is no such id.
    [[nodiscard]] memory::Counter counter(std::int32_t counter_id) const;

    /// Of a channel status counter; no counter means a channel that cannot fail: active.
    [[nodiscard]] memory::ChannelStatus channel_status(std::int32_t channel_status_id) const;
    /// "host:port" that the channel's sockets are bound to; empty unless it is active.
    [[nodiscard]] std::vector<std::string> local_socket_addresses(
        std::int32_t channel_status_id) const;

  private:
    std::unique_ptr<platform::Mapping> mapping_;
    memory::CncFile file_;
    memory::CountersReader counters_;
};

}  // namespace tern::client
