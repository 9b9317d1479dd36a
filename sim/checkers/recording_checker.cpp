#include "sim/checkers/recording_checker.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::sim {

std::string RecordingChecker::finding(const std::string& text) const {
    return fmt::format("recording {}: {}", recording_id_, text);
}

std::optional<std::string> RecordingChecker::named(std::optional<std::string> found) const {
    if (!found) return std::nullopt;
    return finding(*found);
}

std::optional<std::string> RecordingChecker::acknowledged(std::int64_t position) {
    if (position > std::max(writer_->position(), start_position_)) {
        return finding(
            fmt::format("acknowledged {}, but only {} was sent", position, writer_->position()));
    }
    acknowledged_ = std::max(acknowledged_, position);
    return std::nullopt;
}

std::optional<std::string> RecordingChecker::recovered(std::int64_t stop_position, Loss loss) {
    if (stop_position < start_position_) {
        return finding(
            fmt::format("ends at {}, before its start {}", stop_position, start_position_));
    }
    if (stop_position > std::max(writer_->position(), start_position_)) {
        return finding(
            fmt::format("ends at {}, but only {} was sent", stop_position, writer_->position()));
    }
    const std::int64_t promised = acknowledged_;
    acknowledged_ = stop_position;
    if (stop_position < promised && loss == Loss::forbidden) {
        return finding(fmt::format("ends at {}, but {} was acknowledged", stop_position, promised));
    }
    return std::nullopt;
}

std::optional<std::string> RecordingChecker::replay_started(std::int64_t position) {
    if (position < start_position_) {
        return finding(
            fmt::format("replayed from {}, before its start {}", position, start_position_));
    }
    replay_ = StreamReader(*writer_);
    return named(replay_.on_image(writer_->sent_up_to(position)));
}

std::optional<std::string> RecordingChecker::replayed(ConstBytes message) {
    return named(replay_.on_message(message));
}

std::optional<std::string> RecordingChecker::replay_finished(std::int64_t position) {
    const std::uint64_t due = writer_->sent_up_to(position);
    if (auto found = named(replay_.finish(due))) return found;
    if (replay_.next() > due) {
        return finding(
            fmt::format("a replay up to {} went on to message {}", position, replay_.next() - 1));
    }
    return named(replay_.on_image_gone());
}

}  // namespace tern::sim
