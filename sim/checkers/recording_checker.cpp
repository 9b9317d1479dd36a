#include "sim/checkers/recording_checker.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::sim {

std::string RecordingChecker::finding(const std::string& text) const {
    return fmt::format("recording {}: {}", recording_id_, text);
}

std::optional<std::string> RecordingChecker::acknowledged(std::int64_t position) {
    if (position > std::max(writer_->reached(), start_position_)) {
        return finding(
            fmt::format("acknowledged {}, but only {} was sent", position, writer_->reached()));
    }
    acknowledged_ = std::max(acknowledged_, position);
    return std::nullopt;
}

std::optional<std::string> RecordingChecker::recovered(std::int64_t stop_position, Loss loss) {
    if (stop_position < start_position_) {
        return finding(
            fmt::format("ends at {}, before its start {}", stop_position, start_position_));
    }
    if (stop_position > std::max(writer_->reached(), start_position_)) {
        return finding(
            fmt::format("ends at {}, but only {} was sent", stop_position, writer_->reached()));
    }
    const std::int64_t promised = acknowledged_;
    acknowledged_ = stop_position;
    if (stop_position < promised && loss == Loss::forbidden) {
        return finding(fmt::format("ends at {}, but {} was acknowledged", stop_position, promised));
    }
    return std::nullopt;
}

ReplayChecker::ReplayChecker(const RecordingChecker& recording, std::int64_t position,
                             std::int32_t term_length)
    : writer_(recording.writer()), recording_id_(recording.recording_id()), reader_(*writer_) {
    (void)reader_.on_image(writer_->first_from(position, term_length));
}

std::optional<std::string> ReplayChecker::named(std::optional<std::string> found) const {
    if (!found) return std::nullopt;
    return fmt::format("recording {}: {}", recording_id_, *found);
}

std::optional<std::string> ReplayChecker::replayed(ConstBytes message, std::int64_t position) {
    end_ = position;
    if (auto found = named(reader_.on_message(message))) return found;
    const std::uint64_t number = reader_.next() - 1;
    const std::int64_t sent = writer_->end_of(number);
    if (position == sent) return std::nullopt;
    return named(
        fmt::format("message {} ends at {}, but was sent up to {}", number, position, sent));
}

std::optional<std::string> ReplayChecker::finished(std::int64_t position) const {
    if (auto found = named(reader_.finish(writer_->sent_up_to(position)))) return found;
    if (end_ <= position) return std::nullopt;
    return named(fmt::format("a replay up to {} went on to {}", position, end_));
}

}  // namespace tern::sim
