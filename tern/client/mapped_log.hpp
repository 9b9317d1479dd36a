#pragma once
// A mapped log buffer file, checked (CLI-7). Shared by everything in a client that reaches into it:
// for IPC a publication and its images are one file. Unmapped when the last of them is gone, so
// the memory outlives its last reader.
//
// Thread safety: immutable after construction, but for the shared memory itself.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/log_buffers.hpp"
#include "tern/platform/storage.hpp"

namespace tern::client {

class MappedLog {
  public:
    /// Maps the file. Throws Error when it is not there or cannot be a log buffer. `pre_touch`
    /// faults every page in now, without changing it.
    MappedLog(platform::Storage& storage, const std::string& path, bool pre_touch);

    [[nodiscard]] const std::string& path() const noexcept { return mapping_->path(); }
    [[nodiscard]] const logbuffer::LogBuffers& buffers() const noexcept { return buffers_; }
    [[nodiscard]] logbuffer::LogMetadata& metadata() const noexcept { return buffers_.metadata(); }

  private:
    std::unique_ptr<platform::Mapping> mapping_;
    logbuffer::LogBuffers buffers_;
};

}  // namespace tern::client
