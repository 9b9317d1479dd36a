#include "tern/logbuffer/concurrent_appender.hpp"

namespace tern::logbuffer {

std::int64_t ConcurrentAppender::end_term(std::int32_t partition, std::int32_t term_id,
                                          std::int32_t offset,
                                          std::int32_t required) const noexcept {
    const std::int32_t term_length = log_.term_length();
    if (offset < term_length) {
        // The one whose claim crossed the end owns what is left of the term.
        writer_.write_padding(log_.term(partition).data(), offset, term_id, term_length - offset);
    }
    const std::int64_t position =
        compute_position(term_id, 0, log_.shift(), initial_term_id_) + offset + required;
    if (position >= max_possible_position_) return kMaxPositionExceeded;
    rotate_log(log_.metadata(), term_count(term_id, initial_term_id_), term_id);
    return kAdminAction;
}

}  // namespace tern::logbuffer
