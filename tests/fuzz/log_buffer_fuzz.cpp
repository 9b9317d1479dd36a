// A log buffer that another process wrote: its metadata, and the frames of a term as readers,
// senders and the unblocker scan them. The first 512 bytes of the input are the metadata, whose
// term length is put right in every second input; the rest is the beginning of the term.

#include <algorithm>
#include <cstring>

#include "tern/logbuffer/log_buffers.hpp"
#include "tern/logbuffer/log_unblocker.hpp"
#include "tern/logbuffer/term_reader.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

constexpr std::int32_t kTermLength = logbuffer::kTermMinLength;
constexpr std::size_t kMetadataUsed = 512;

class LogFile {
  public:
    explicit LogFile(ConstBytes bytes)
        : words_(static_cast<std::size_t>(logbuffer::log_file_length(kTermLength, 4096)) / 8),
          metadata_(bytes.first(std::min(bytes.size(), kMetadataUsed))),
          frames_(bytes.subspan(metadata_.size())) {
        std::ranges::copy(
            metadata_, file().end() - static_cast<std::ptrdiff_t>(logbuffer::kLogMetadataLength));
        std::ranges::copy(frames_, file().begin());
    }
    [[nodiscard]] Bytes file() {
        return {reinterpret_cast<std::byte*>(words_.data()), words_.size() * 8};
    }

  private:
    std::vector<std::uint64_t> words_;
    ConstBytes metadata_;
    ConstBytes frames_;
};

void scan(ConstBytes term) {
    std::int32_t offset = 0;
    logbuffer::read_term(term, offset, INT32_MAX, kTermLength, [&](const logbuffer::Frame& frame) {
        fuzz::require(fuzz::is_inside(frame.payload(), term));
        return logbuffer::ReadStep::next;
    });
    fuzz::require(offset >= 0 && offset <= kTermLength);
    for (const std::int32_t limit : {0, 32, 1408, kTermLength}) {
        const std::int32_t end = logbuffer::scan_block(term, 0, limit);
        fuzz::require(end >= 0 && end <= kTermLength);
        const auto available = logbuffer::scan_available(term, 0, limit);
        fuzz::require(available.length + available.padding <= kTermLength);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size)
                                 .first(std::min<std::size_t>(
                                     size, kMetadataUsed + static_cast<std::size_t>(kTermLength)));
    LogFile file(bytes);
    if (size % 2 == 0) {
        std::byte* const metadata = file.file().data() + file.file().size() - 4096;
        store(metadata + offsetof(logbuffer::LogMetadata, term_length), kTermLength);
        store(metadata + offsetof(logbuffer::LogMetadata, page_size), 4096);
        store(metadata + offsetof(logbuffer::LogMetadata, mtu_length), 1408);
    }
    fuzz::allow_errors([&] {
        const logbuffer::LogBuffers log(file.file());
        scan(log.term(0));
        static_cast<void>(log.producer_position());
        static_cast<void>(logbuffer::unblock_log(log, 0));
    });
    return 0;
}
