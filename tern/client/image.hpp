#pragma once
// The replica of one publication's stream at one subscription: what fragments are read from
// (CLI-13).
//
// Made and given up by the client conductor. Handles are shared: whoever holds one may poll and ask
// after the image has become unavailable, when polls return 0 and questions are answered with the
// values at the end; the log stays mapped until the last handle is gone.
//
// Handlers are any callables:
//     fragment    void(ConstBytes payload, const Header& header)
//     controlled  ControlledAction(ConstBytes payload, const Header& header)
//     block       void(ConstBytes frames, std::int32_t session_id, std::int32_t term_id)
//     raw block   void(const RawBlock& block)
// The bytes are those of the term, read in place, and valid during the call. An exception out of a
// handler leaves the poll with the position after the fragment that was being handled: what has
// been delivered is not delivered again.
//
// One call never crosses the end of a term: 0 does not mean that nothing follows.
//
// Thread safety: one polling thread at a time; questions from any thread give untorn values.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tern/base/bytes.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/client/header.hpp"
#include "tern/client/mapped_log.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/logbuffer/term_reader.hpp"
#include "tern/memory/counter.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::client {

class ClientConductor;
class CncMapping;

/// A run of whole frames and where it lies in the log's file.
struct RawBlock {
    const std::string& log_file;  ///< absolute path of the log buffer file
    std::int64_t file_offset;
    ConstBytes frames;
    std::int32_t session_id;
    std::int32_t term_id;
};

class Image {
  public:
    /// For the conductor.
    struct Spec {
        std::int64_t correlation_id = 0;
        std::int64_t subscription_registration_id = 0;
        std::int32_t session_id = 0;
        std::int32_t stream_id = 0;
        bool is_spy = false;  ///< of a subscription to a local network publication
        memory::Position subscriber_position;
        std::string source_identity;
        std::shared_ptr<MappedLog> log;
        std::shared_ptr<CncMapping> cnc;
        std::weak_ptr<ClientConductor> conductor;
    };
    explicit Image(Spec spec);
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    // Constants.
    [[nodiscard]] std::int64_t correlation_id() const noexcept { return spec_.correlation_id; }
    [[nodiscard]] std::int64_t subscription_registration_id() const noexcept {
        return spec_.subscription_registration_id;
    }
    [[nodiscard]] std::int32_t session_id() const noexcept { return spec_.session_id; }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return spec_.stream_id; }
    [[nodiscard]] std::int32_t initial_term_id() const noexcept { return log_.initial_term_id(); }
    [[nodiscard]] std::int32_t term_buffer_length() const noexcept { return log_.term_length(); }
    [[nodiscard]] int position_bits_to_shift() const noexcept { return log_.shift(); }
    [[nodiscard]] std::int32_t mtu_length() const noexcept { return log_.metadata().mtu_length; }
    [[nodiscard]] std::int32_t subscriber_position_id() const noexcept {
        return spec_.subscriber_position.id();
    }
    /// "host:port" of the sender; "aeron:ipc" for IPC and spies.
    [[nodiscard]] const std::string& source_identity() const noexcept {
        return spec_.source_identity;
    }
    /// Where this subscriber joined the stream.
    [[nodiscard]] std::int64_t join_position() const noexcept { return join_position_; }

    // State; when closed, as it was at the end.
    [[nodiscard]] bool is_closed() const noexcept {
        return is_closed_.load(std::memory_order_acquire);
    }
    /// What this subscriber has consumed up to.
    [[nodiscard]] std::int64_t position() const noexcept {
        return is_closed() ? final_position_ : spec_.subscriber_position.get_plain();
    }
    /// All of the stream was consumed, and its publisher has ended it.
    [[nodiscard]] bool is_end_of_stream() const noexcept {
        return position() >= end_of_stream_position();
    }
    /// INT64_MAX while the publisher goes on.
    [[nodiscard]] std::int64_t end_of_stream_position() const noexcept;
    /// Source connections alive; 0 for IPC, spies and closed images.
    [[nodiscard]] std::int32_t active_transport_count() const noexcept;
    [[nodiscard]] bool is_publication_revoked() const noexcept;

    /// Moves the position, at most to the end of the current term, on a frame's boundary; throws
    /// InvalidArgument otherwise. Nothing happens when closed.
    void set_position(std::int64_t new_position);

    /// Asks the driver to end this image, telling the publisher why (at most 1023 bytes). Returns
    /// the command's correlation id for Aeron::is_operation_complete. Throws InvalidArgument for a
    /// longer reason and for a spy, which cannot reject; ClientClosedException when closed.
    std::int64_t reject(std::string_view reason);

    /// Delivers up to `fragment_limit` fragments; returns how many.
    template <typename Handler>
    int poll(Handler&& handler, int fragment_limit) {
        if (is_closed()) return 0;
        const std::int64_t position = spec_.subscriber_position.get_plain();
        return deliver(handler, position, log_.term_length(), fragment_limit);
    }

    /// As poll, but only fragments that begin below `limit_position`.
    template <typename Handler>
    int bounded_poll(Handler&& handler, std::int64_t limit_position, int fragment_limit) {
        if (is_closed()) return 0;
        const std::int64_t position = spec_.subscriber_position.get_plain();
        return deliver(handler, position, bound(position, limit_position), fragment_limit);
    }

    /// Delivers fragments to a handler that says how to go on. Returns how many were consumed.
    template <typename Handler>
    int controlled_poll(Handler&& handler, int fragment_limit) {
        if (is_closed()) return 0;
        const std::int64_t position = spec_.subscriber_position.get_plain();
        return deliver_controlled(handler, position, log_.term_length(), fragment_limit);
    }

    /// As controlled_poll, but only fragments that begin below `limit_position`.
    template <typename Handler>
    int bounded_controlled_poll(Handler&& handler, std::int64_t limit_position,
                                int fragment_limit) {
        if (is_closed()) return 0;
        const std::int64_t position = spec_.subscriber_position.get_plain();
        return deliver_controlled(handler, position, bound(position, limit_position),
                                  fragment_limit);
    }

    /// Looks ahead from `initial_position` without moving the position. Returns the position after
    /// the last whole message or padding seen; `initial_position` when closed. Throws
    /// InvalidArgument as set_position.
    template <typename Handler>
    std::int64_t controlled_peek(std::int64_t initial_position, Handler&& handler,
                                 std::int64_t limit_position);

    /// Hands over whole frames, at most `block_length_limit` bytes of them, as one block; padding
    /// comes as a block of its own. Returns its length.
    template <typename Handler>
    std::int32_t block_poll(Handler&& handler, std::int32_t block_length_limit) {
        return take_block(block_length_limit, [&](const RawBlock& block) {
            handler(block.frames, block.session_id, block.term_id);
        });
    }

    /// As block_poll, with the place of the block in the log's file.
    template <typename Handler>
    std::int32_t raw_poll(Handler&& handler, std::int32_t block_length_limit) {
        return take_block(block_length_limit, handler);
    }

    /// For the conductor: remembers the last values, then closes. Idempotent.
    void close() noexcept;

  private:
    friend class ClientConductor;

    /// Stores the position that a poll has come to, however it ends; not when the image was closed
    /// under it, since then the counter belongs to somebody else.
    class Progress {
      public:
        Progress(Image& image, std::int64_t position, std::int32_t begin) noexcept
            : image_(image), position_(position), stored_(begin), offset(begin) {}
        Progress(const Progress&) = delete;
        Progress& operator=(const Progress&) = delete;
        ~Progress() { store(); }
        void store() noexcept {
            if (offset == stored_ || image_.is_closed()) return;
            position_ += offset - stored_;
            stored_ = offset;
            image_.spec_.subscriber_position.set(position_);  // pairs with the driver's acquire
        }

      private:
        Image& image_;
        std::int64_t position_;
        std::int32_t stored_;

      public:
        std::int32_t offset;  ///< in the term: what has been passed
    };

    [[nodiscard]] std::int32_t offset_of(std::int64_t position) const noexcept {
        return logbuffer::term_offset_of(position, log_.term_length());
    }
    /// First term offset at which no fragment may begin.
    [[nodiscard]] std::int32_t bound(std::int64_t position,
                                     std::int64_t limit_position) const noexcept {
        if (position >= limit_position) return 0;
        const std::int64_t distance = limit_position - (position - offset_of(position));
        return static_cast<std::int32_t>(std::min<std::int64_t>(log_.term_length(), distance));
    }
    [[nodiscard]] Header header() const noexcept {
        return {log_.term(0).data(), log_.initial_term_id(), log_.shift(), this};
    }
    [[nodiscard]] logbuffer::ReadStep next_step() const noexcept {
        return is_closed() ? logbuffer::ReadStep::stop : logbuffer::ReadStep::next;
    }

    template <typename Handler>
    int deliver(Handler& handler, std::int64_t position, std::int32_t bound, int fragment_limit);
    template <typename Handler>
    int deliver_controlled(Handler& handler, std::int64_t position, std::int32_t bound,
                           int fragment_limit);
    template <typename Handler>
    std::int32_t take_block(std::int32_t block_length_limit, Handler&& handler);

    void check_position(std::int64_t new_position) const;

    Spec spec_;
    logbuffer::LogBuffers log_;
    std::int64_t join_position_;

    // Written at close, before is_closed_.
    std::int64_t final_position_ = 0;
    std::int64_t final_end_of_stream_position_ = logbuffer::kNoEndOfStream;
    bool final_is_revoked_ = false;
    std::atomic<bool> is_closed_{false};
};

template <typename Handler>
int Image::deliver(Handler& handler, std::int64_t position, std::int32_t bound,
                   int fragment_limit) {
    Header header = this->header();
    Progress progress(*this, position, offset_of(position));
    return logbuffer::read_term(log_.term_at(position), progress.offset, fragment_limit, bound,
                                [&](const logbuffer::Frame& frame) {
                                    header.wrap(frame.data());
                                    handler(frame.payload(), std::as_const(header));
                                    return next_step();
                                })
        .frames;
}

template <typename Handler>
int Image::deliver_controlled(Handler& handler, std::int64_t position, std::int32_t bound,
                              int fragment_limit) {
    Header header = this->header();
    Progress progress(*this, position, offset_of(position));
    return logbuffer::read_term(log_.term_at(position), progress.offset, fragment_limit, bound,
                                [&](const logbuffer::Frame& frame) {
                                    header.wrap(frame.data());
                                    switch (handler(frame.payload(), std::as_const(header))) {
                                        case ControlledAction::abort:
                                            return planted(Fault::aborted_fragment_lost)
                                                       ? logbuffer::ReadStep::stop
                                                       : logbuffer::ReadStep::retry;
                                        case ControlledAction::break_:
                                            return logbuffer::ReadStep::stop;
                                        case ControlledAction::commit:
                                            progress.store();
                                            break;
                                        case ControlledAction::continue_:
                                            break;
                                    }
                                    return next_step();
                                })
        .frames;
}

template <typename Handler>
std::int64_t Image::controlled_peek(std::int64_t initial_position, Handler&& handler,
                                    std::int64_t limit_position) {
    if (is_closed()) return initial_position;
    check_position(initial_position);
    const std::int64_t term_begin = initial_position - offset_of(initial_position);
    Header header = this->header();
    std::int64_t message_end = initial_position;
    std::int32_t offset = offset_of(initial_position);
    bool all_whole = true;  // no message is half seen at `offset`
    logbuffer::read_term(
        log_.term_at(initial_position), offset, std::numeric_limits<std::int32_t>::max(),
        bound(initial_position, limit_position), [&](const logbuffer::Frame& frame) {
            header.wrap(frame.data());
            const ControlledAction action = handler(frame.payload(), std::as_const(header));
            if (action == ControlledAction::abort) return logbuffer::ReadStep::retry;
            all_whole = (header.flags() & wire::data_flags::kEnd) != 0;
            if (all_whole) message_end = term_begin + offset;
            return action == ControlledAction::break_ ? logbuffer::ReadStep::stop : next_step();
        });
    // Padding behind the last whole message counts as seen.
    return all_whole ? term_begin + offset : message_end;
}

template <typename Handler>
std::int32_t Image::take_block(std::int32_t block_length_limit, Handler&& handler) {
    if (is_closed()) return 0;
    const std::int64_t position = spec_.subscriber_position.get_plain();
    const Bytes term = log_.term_at(position);
    Progress progress(*this, position, offset_of(position));
    const std::int32_t begin = progress.offset;
    const std::int32_t limit = std::min(log_.term_length() - begin, block_length_limit);
    progress.offset = logbuffer::scan_block(term, begin, begin + limit);
    const std::int32_t length = progress.offset - begin;
    if (length == 0) return 0;
    const std::byte* frame = term.data() + begin;
    handler(RawBlock{.log_file = spec_.log->path(),
                     .file_offset = frame - log_.term(0).data(),
                     .frames = ConstBytes(frame, static_cast<std::size_t>(length)),
                     .session_id = spec_.session_id,
                     .term_id = logbuffer::header_of(frame).term_id});
    return length;
}

}  // namespace tern::client
