#include "tern/driver/loss_detector.hpp"

#include "tern/base/planted_fault.hpp"
#include "tern/logbuffer/term_rebuilder.hpp"

namespace tern::driver {

LossDetector::Result LossDetector::scan(const logbuffer::LogBuffers& log,
                                        std::int64_t rebuild_position, std::int64_t high_water_mark,
                                        std::int64_t now_ns) {
    Result result;
    result.rebuild_position = rebuild_position;
    if (rebuild_position >= high_water_mark) return result;

    const std::int32_t term_length = log.term_length();
    const std::int32_t offset = logbuffer::term_offset_of(rebuild_position, term_length);
    const std::int64_t term_begin = rebuild_position - offset;
    const std::int64_t limit = std::min<std::int64_t>(high_water_mark - term_begin, term_length);
    const logbuffer::TermGap found = logbuffer::find_gap(log.term_at(rebuild_position), offset,
                                                         static_cast<std::int32_t>(limit));
    result.rebuild_position = term_begin + found.offset;
    if (found.length == 0) return result;

    const Gap gap{
        .term_id = logbuffer::term_id_of(rebuild_position, log.shift(), log.initial_term_id()),
        .term_offset = found.offset,
        .length = found.length};
    if (active_ != gap) {
        active_ = gap;
        deadline_ns_ = now_ns + delay_.initial_ns();
        result.loss_found = true;
    }
    const bool ends_term = gap.term_offset + gap.length == term_length;
    if (ends_term && planted(Fault::nak_forgotten_at_term_end)) return result;
    if (now_ns >= deadline_ns_) {
        deadline_ns_ = now_ns + delay_.retry_ns();
        if (planted(Fault::nak_never_repeated)) deadline_ns_ = INT64_MAX;
        result.due = gap;
    }
    return result;
}

}  // namespace tern::driver
