#include "recovery_meter.hpp"

#include "tern/base/math.hpp"

namespace tern::interop {

void RecoveryMeter::observe(const support::LossyRelay::Passing& passing) {
    const auto header = wire::decode_frame_header(passing.bytes);
    if (!header) return;
    if (!passing.forward) {
        if (header->type == wire::kNakFrameType) ++naks_;
    } else if (header->type == wire::kSetupFrameType) {
        setup_ = wire::decode_setup(passing.bytes);
    } else if (header->type == wire::kDataFrameType || header->type == wire::kPadFrameType) {
        if (header->frame_length > 0) observe_data(passing.bytes, passing.lost);
    }
}

void RecoveryMeter::observe_data(ConstBytes datagram, bool lost) {
    const auto length = static_cast<std::int64_t>(datagram.size());
    if (lost) lost_bytes_ += length;
    std::int64_t end = 0;
    for (std::size_t offset = 0; offset + sizeof(wire::DataHeader) <= datagram.size();) {
        const auto header = load<wire::DataHeader>(datagram.data() + offset);
        const bool is_whole =
            header.type == wire::kDataFrameType &&
            (header.flags & wire::data_flags::kUnfragmented) == wire::data_flags::kUnfragmented;
        if (lost && is_whole) {
            const std::byte* payload = datagram.data() + offset + sizeof(header);
            lost_messages_.insert(load<std::int64_t>(payload) & 0xFFFF'FFFF);
        }
        const std::int32_t aligned = align_up(header.frame_length, wire::kFrameAlignment);
        end = position_of(header) + aligned;
        offset += static_cast<std::size_t>(aligned);
    }
    if (end <= sent_position_) retransmitted_bytes_ += length;
    sent_position_ = std::max(sent_position_, end);
}

std::int64_t RecoveryMeter::position_of(const wire::DataHeader& header) const {
    const std::int64_t term = header.term_id - setup_->initial_term_id;  // no wrap in a test
    return term * setup_->term_length + header.term_offset;
}

}  // namespace tern::interop
