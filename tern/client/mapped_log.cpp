#include "tern/client/mapped_log.hpp"

#include <fmt/format.h>

#include "tern/base/atomic.hpp"

namespace tern::client {

namespace {

// A compare-and-swap of 0 by 0 brings a page in for writing and changes nothing.
void pre_touch_pages(Bytes file, std::int32_t page_size) noexcept {
    for (std::size_t at = 0; at < file.size(); at += static_cast<std::size_t>(page_size)) {
        static_cast<void>(compare_and_set<std::int32_t>(file.data() + at, 0, 0));
    }
}

}  // namespace

MappedLog::MappedLog(platform::Storage& storage, const std::string& path, bool pre_touch)
    : mapping_(storage.open_mapped(path, platform::Access::read_write)),
      buffers_(mapping_->bytes()) {
    if (buffers_.max_payload_length() <= 0) {
        throw Error(fmt::format("log buffer {}: MTU length {} leaves no room for a payload", path,
                                buffers_.metadata().mtu_length));
    }
    if (pre_touch) pre_touch_pages(mapping_->bytes(), logbuffer::kPageMinSize);
}

}  // namespace tern::client
