#pragma once
// Messages of a stream arrive whole and in order.
//
// The scenario owns a StreamWriter for each publication: it makes the messages and remembers what
// the publication took, so it outlives the process that publishes. A StreamReader judges what one
// subscriber gets through its images of that publication.
//
// Findings are one line each and name stream, session and sequence number. No thread safety.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/checkers/stream_payload.hpp"

namespace tern::sim {

class StreamWriter {
  public:
    static constexpr std::size_t kMaxMessages = 1 << 20;  ///< remembered, 16 bytes each

    StreamWriter(std::uint64_t stream_key, std::uint32_t session) : payload_(stream_key, session) {}

    [[nodiscard]] std::uint64_t stream_key() const noexcept { return payload_.stream_key(); }
    [[nodiscard]] std::uint32_t session() const noexcept { return payload_.session(); }

    /// The next message to offer; the same sequence number until one is accepted.
    [[nodiscard]] ConstBytes next(std::size_t length) { return payload_.make(sent(), length); }
    /// The publication took it, with headers from `begin` up to `end`; what is claimed counts.
    void accepted(std::int64_t begin, std::int64_t end);
    /// As one that begins where the one before has ended.
    void accepted(std::int64_t end) { accepted(position(), end); }
    /// A message that was claimed will never be committed: its writer has died.
    void abandon(std::uint64_t sequence) { abandoned_.insert(sequence); }
    [[nodiscard]] bool is_abandoned(std::uint64_t sequence) const {
        return abandoned_.contains(sequence);
    }
    /// Some of these bytes of the stream, or all, never reached a receiver.
    void lost(std::int64_t begin, std::int64_t end) { lost_.emplace_back(begin, end); }
    [[nodiscard]] bool is_hit(std::uint64_t message) const noexcept;
    /// The publication stands here without having taken a message: it has padded its term.
    void reached(std::int64_t position) noexcept { reached_ = std::max(reached_, position); }
    /// Messages that end beyond `position` do not count any more: another publication goes on from
    /// there.
    void cut(std::int64_t position);

    [[nodiscard]] std::uint64_t sent() const noexcept { return ends_.size(); }  ///< messages
    /// Where the last accepted message ends; 0 before the first.
    [[nodiscard]] std::int64_t position() const noexcept {
        return ends_.empty() ? 0 : ends_.back();
    }
    /// Up to where anything was sent, padding included.
    [[nodiscard]] std::int64_t reached() const noexcept { return std::max(reached_, position()); }
    /// How many messages end at or before this position.
    [[nodiscard]] std::uint64_t sent_up_to(std::int64_t position) const noexcept;
    /// Where a message that was sent ends.
    [[nodiscard]] std::int64_t end_of(std::uint64_t message) const { return ends_.at(message); }
    /// The first message that begins at or after this position, in terms of this length.
    [[nodiscard]] std::uint64_t first_from(std::int64_t position,
                                           std::int32_t term_length) const noexcept;
    /// As far as it was told where each begins.
    [[nodiscard]] std::uint64_t first_from(std::int64_t position) const noexcept;

  private:
    StreamPayload payload_;
    std::vector<std::int64_t> begins_;  // position at which message n begins
    std::vector<std::int64_t> ends_;    // and ends
    std::set<std::uint64_t> abandoned_;
    std::vector<std::pair<std::int64_t, std::int64_t>> lost_;
    std::int64_t reached_ = 0;
};

/// Which messages may be missing between others: of a reliable stream none.
enum class Gaps : std::uint8_t { none, of_lost, any };

class StreamReader {
  public:
    /// `writer` outlives the reader.
    explicit StreamReader(const StreamWriter& writer, Gaps gaps = Gaps::none)
        : writer_(&writer), gaps_(gaps) {}

    /// The subscriber has an image of the writer's session. `first` is the message it has to begin
    /// with, none that it has had; nullopt where it may begin with any that it has not had yet.
    [[nodiscard]] std::optional<std::string> on_image(std::optional<std::uint64_t> first);
    /// A whole message, assembled from its fragments.
    [[nodiscard]] std::optional<std::string> on_message(ConstBytes message);
    [[nodiscard]] std::optional<std::string> on_image_gone();
    /// Nothing more will come. All messages below `complete_up_to` should have; 0 asks for none.
    [[nodiscard]] std::optional<std::string> finish(std::uint64_t complete_up_to) const;

    /// The sequence number after the last message, or that the image has to begin with.
    [[nodiscard]] std::uint64_t next() const noexcept { return next_; }

  private:
    [[nodiscard]] std::string finding(const std::string& text) const;
    [[nodiscard]] std::optional<std::string> check_order(std::uint64_t sequence) const;
    /// The first that is not abandoned, nor may be missing, from this one on.
    [[nodiscard]] std::uint64_t first_due(std::uint64_t sequence) const;

    const StreamWriter* writer_;
    Gaps gaps_;
    std::uint64_t next_ = 0;
    bool has_image_ = false;
    bool may_skip_ = false;  // the next message may be any that is not below next_
};

}  // namespace tern::sim
