#include "sim/checkers/stream_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::sim {

void StreamWriter::accepted(std::int64_t begin, std::int64_t end) {
    TERN_ASSERT(ends_.size() < kMaxMessages, "a run sends fewer messages on one stream");
    TERN_ASSERT(begin >= position() && end > begin, "an accepted message moves the position");
    begins_.push_back(begin);
    ends_.push_back(end);
}

std::uint64_t StreamWriter::first_from(std::int64_t position) const noexcept {
    return static_cast<std::uint64_t>(std::ranges::lower_bound(begins_, position) -
                                      begins_.begin());
}

std::uint64_t StreamWriter::sent_up_to(std::int64_t position) const noexcept {
    return static_cast<std::uint64_t>(std::ranges::upper_bound(ends_, position) - ends_.begin());
}

bool StreamWriter::is_hit(std::uint64_t message) const noexcept {
    if (message >= begins_.size()) return false;
    return std::ranges::any_of(lost_, [&](const auto& range) {
        return range.first < ends_[message] && range.second > begins_[message];
    });
}

void StreamWriter::cut(std::int64_t position) {
    ends_.resize(sent_up_to(position));
    begins_.resize(ends_.size());
    reached_ = position;
}

std::uint64_t StreamWriter::first_from(std::int64_t position,
                                       std::int32_t term_length) const noexcept {
    const std::uint64_t next = sent_up_to(position);
    const bool is_between = position % term_length == 0 || next == 0 ? position % term_length == 0
                                                                     : ends_[next - 1] == position;
    return is_between ? next : next + 1;
}

std::string StreamReader::finding(const std::string& text) const {
    return fmt::format("stream {:#x} session {}: {}", writer_->stream_key(), writer_->session(),
                       text);
}

std::optional<std::string> StreamReader::on_image(std::optional<std::uint64_t> first) {
    const bool had_one = has_image_;
    has_image_ = true;
    may_skip_ = gaps_ == Gaps::any || !first;
    const std::uint64_t before = std::exchange(next_, first.value_or(next_));
    if (had_one) return finding("a second image while the first is there");
    if (next_ < before) {
        return finding(fmt::format("an image goes back to {}, {} was due", next_, before));
    }
    return std::nullopt;
}

std::optional<std::string> StreamReader::on_image_gone() {
    const bool had_one = has_image_;
    has_image_ = false;
    if (!had_one) return finding("an image is gone that was not there");
    return std::nullopt;
}

std::optional<std::string> StreamReader::on_message(ConstBytes message) {
    const auto header = StreamPayload::verify(message);
    if (!header) return finding(fmt::format("{}, {} expected", header.error(), next_));
    if (header->stream_key != writer_->stream_key() || header->session != writer_->session()) {
        return finding(fmt::format("message {} of stream {:#x} session {}", header->sequence,
                                   header->stream_key, header->session));
    }
    if (!has_image_) return finding(fmt::format("message {} without an image", header->sequence));
    if (header->sequence >= writer_->sent()) {
        return finding(fmt::format("message {} was never sent, only {} were", header->sequence,
                                   writer_->sent()));
    }
    auto found = check_order(header->sequence);
    may_skip_ = gaps_ == Gaps::any;
    next_ = header->sequence + 1;  // one finding for one fault, not for all that follows
    return found;
}

std::optional<std::string> StreamReader::check_order(std::uint64_t sequence) const {
    if (sequence == next_ || (may_skip_ && sequence > next_)) return std::nullopt;
    if (sequence > next_) {
        const std::uint64_t due = first_due(next_);
        if (sequence <= due) return std::nullopt;
        return finding(fmt::format("gap: message {} came where {} was due, which ends at {}",
                                   sequence, due, writer_->end_of(due)));
    }
    return finding(fmt::format("message {} {}, {} was due", sequence,
                               sequence + 1 == next_ ? "repeated" : "repeated or out of order",
                               next_));
}

std::uint64_t StreamReader::first_due(std::uint64_t sequence) const {
    const auto may_be_missing = [&] {
        return writer_->is_abandoned(sequence) ||
               (gaps_ == Gaps::of_lost && writer_->is_hit(sequence));
    };
    while (may_be_missing()) ++sequence;
    return sequence;
}

std::optional<std::string> StreamReader::finish(std::uint64_t complete_up_to) const {
    const std::uint64_t due = first_due(next_);
    if (due >= complete_up_to) return std::nullopt;
    return finding(fmt::format("ends before message {}, but all below {} should have arrived", due,
                               complete_up_to));
}

}  // namespace tern::sim
