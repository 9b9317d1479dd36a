#include "tern/driver/term_trains.hpp"

#include <algorithm>

#include "tern/logbuffer/term_reader.hpp"

namespace tern::driver {

void cut_trains(ConstBytes term, std::int32_t offset, std::int64_t limit, std::int32_t mtu,
                std::int32_t max_datagrams, TrainBatch& batch) noexcept {
    const auto term_length = static_cast<std::int32_t>(term.size());
    std::int64_t left = std::min<std::int64_t>(limit, term_length - offset);
    bool is_open = false;  // may the last train take a further datagram?
    for (std::int32_t datagrams = 0; datagrams < max_datagrams && left > 0; ++datagrams) {
        const auto [length, padding] = logbuffer::scan_available(
            term, offset, static_cast<std::int32_t>(std::min<std::int64_t>(left, mtu)));
        if (length <= 0) {
            batch.is_blocked = length < 0;
            return;
        }
        const auto bytes = static_cast<std::size_t>(length);
        if (is_open &&
            length <= static_cast<std::int32_t>(batch.trains[batch.count - 1].segment_length)) {
            platform::Train& train = batch.trains[batch.count - 1];
            train.bytes = ConstBytes(train.bytes.data(), train.bytes.size() + bytes);
            is_open = bytes == train.segment_length;
        } else {
            if (batch.count == batch.trains.size()) return;
            batch.trains[batch.count++] = {term.subspan(static_cast<std::size_t>(offset), bytes),
                                           static_cast<std::uint32_t>(length), nullptr};
            is_open = true;
        }
        batch.bytes += length;
        offset += length;
        left -= length;
        if (padding > 0) {  // behind the header of a PAD frame the bytes are not contiguous
            batch.padding = padding;
            return;
        }
    }
}

}  // namespace tern::driver
