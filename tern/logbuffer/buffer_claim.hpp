#pragma once
// Space claimed in a log, to be filled in place and then committed or aborted (TRN-2.10). Until
// one of them is called, the stream stands still at this frame; a claim abandoned for good is
// turned into padding by the driver after its publication unblock timeout.
//
// A view into the log, which must stay mapped; belongs to one thread; may be reused.

#include <cstdint>

#include "tern/base/assert.hpp"
#include "tern/base/bytes.hpp"
#include "tern/logbuffer/frame.hpp"

namespace tern::logbuffer {

class BufferClaim {
  public:
    BufferClaim() noexcept = default;
    explicit BufferClaim(Bytes frame) noexcept : frame_(frame) {}  ///< frame with its header

    /// Whether there is something to commit or abort.
    [[nodiscard]] explicit operator bool() const noexcept { return !frame_.empty(); }

    [[nodiscard]] Bytes payload() const noexcept {
        return frame_.subspan(static_cast<std::size_t>(kDataHeaderLength));
    }
    /// Flags, type and reserved value of the header may be set before the commit.
    [[nodiscard]] wire::DataHeader& header() const noexcept { return header_of(frame_.data()); }

    void commit() noexcept { finish(); }
    void abort() noexcept {
        if (frame_.empty()) return;
        header().type = wire::kPadFrameType;
        finish();
    }

  private:
    void finish() noexcept {
        if (frame_.empty()) return;
        commit_frame(frame_.data(), static_cast<std::int32_t>(frame_.size()));
        frame_ = {};
    }
    Bytes frame_;
};

}  // namespace tern::logbuffer
