#pragma once
// Handlers that put the fragments of messages together and hand on whole messages (CLI-15).
//
//     FragmentAssembler assembler([&](ConstBytes message, const Header& header) { ... });
//     subscription.poll(assembler, 10);
//
// A message of one fragment is handed on in place, without a copy. Messages whose beginning was
// missed are dropped without a word: those of before one joined, and those around a loss.
//
// FragmentAssembler and ControlledFragmentAssembler keep one builder per session; call
// free_session() when an image has become unavailable. The Image... ones are for a single image.
// The length limit in fragments counts fragments, not messages.
//
// Thread safety: none; the polling thread's.

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include "tern/base/bytes.hpp"
#include "tern/client/buffer_builder.hpp"
#include "tern/client/header.hpp"

namespace tern::client {

using FragmentHandler = std::function<void(ConstBytes message, const Header& header)>;
using ControlledFragmentHandler =
    std::function<ControlledAction(ConstBytes message, const Header& header)>;

/// Ends the message in a builder when its handler is through with it, be it by an exception: what
/// was delivered does not come again.
class MessageScope {
  public:
    explicit MessageScope(BufferBuilder& builder) noexcept : builder_(builder) {}
    ~MessageScope() { is_aborted_ ? builder_.undo_last() : builder_.reset(); }
    MessageScope(const MessageScope&) = delete;
    MessageScope& operator=(const MessageScope&) = delete;
    /// The message stays, without its last fragment, which will be delivered again.
    void abort() noexcept { is_aborted_ = true; }

  private:
    BufferBuilder& builder_;
    bool is_aborted_ = false;
};

/// Feeds one fragment to a builder; true when a message is complete in it.
[[nodiscard]] bool assemble(BufferBuilder& builder, ConstBytes payload, const Header& header);

/// Assembles the messages of one image.
template <typename Handler = FragmentHandler>
class ImageFragmentAssembler {
  public:
    explicit ImageFragmentAssembler(Handler handler, std::size_t initial_capacity = 0)
        : handler_(std::move(handler)), builder_(initial_capacity) {}
    ImageFragmentAssembler(const ImageFragmentAssembler&) = delete;
    ImageFragmentAssembler& operator=(const ImageFragmentAssembler&) = delete;

    void operator()(ConstBytes payload, const Header& header) {
        if ((header.flags() & wire::data_flags::kUnfragmented) == wire::data_flags::kUnfragmented) {
            handler_(payload, header);
        } else if (assemble(builder_, payload, header)) {
            deliver(header);
        }
    }
    [[nodiscard]] BufferBuilder& builder() noexcept { return builder_; }

  private:
    void deliver(const Header& last) {
        const MessageScope scope(builder_);
        const Header header = builder_.complete_header(last);
        handler_(builder_.message(), header);
    }
    Handler handler_;
    BufferBuilder builder_;
};

/// Assembles the messages of one image for a handler that says how to go on. On abort of a message
/// its last fragment is delivered again, and with it the whole message.
template <typename Handler = ControlledFragmentHandler>
class ImageControlledFragmentAssembler {
  public:
    explicit ImageControlledFragmentAssembler(Handler handler, std::size_t initial_capacity = 0)
        : handler_(std::move(handler)), builder_(initial_capacity) {}
    ImageControlledFragmentAssembler(const ImageControlledFragmentAssembler&) = delete;
    ImageControlledFragmentAssembler& operator=(const ImageControlledFragmentAssembler&) = delete;

    ControlledAction operator()(ConstBytes payload, const Header& header) {
        return handle(handler_, builder_, payload, header);
    }
    [[nodiscard]] BufferBuilder& builder() noexcept { return builder_; }

    /// One fragment through a builder to a handler.
    static ControlledAction handle(Handler& handler, BufferBuilder& builder, ConstBytes payload,
                                   const Header& header) {
        if ((header.flags() & wire::data_flags::kUnfragmented) == wire::data_flags::kUnfragmented) {
            return handler(payload, header);
        }
        if (!assemble(builder, payload, header)) return ControlledAction::continue_;
        MessageScope scope(builder);
        const Header whole = builder.complete_header(header);
        const ControlledAction action = handler(builder.message(), whole);
        if (action == ControlledAction::abort) scope.abort();
        return action;
    }

  private:
    Handler handler_;
    BufferBuilder builder_;
};

/// The builders of the sessions of a subscription.
class SessionBuilders {
  public:
    explicit SessionBuilders(std::size_t initial_capacity) : initial_capacity_(initial_capacity) {}
    /// The session's builder; made for a fragment that begins a message, else null when there is
    /// none.
    [[nodiscard]] BufferBuilder* find(const Header& header);
    bool free_session(std::int32_t session_id) { return builders_.erase(session_id) > 0; }
    void clear() { builders_.clear(); }

  private:
    std::unordered_map<std::int32_t, BufferBuilder> builders_;  // never iterated
    std::size_t initial_capacity_;
};

/// Assembles the messages of all images of a subscription.
template <typename Handler = FragmentHandler>
class FragmentAssembler {
  public:
    explicit FragmentAssembler(Handler handler, std::size_t initial_capacity = 0)
        : handler_(std::move(handler)), builders_(initial_capacity) {}
    FragmentAssembler(const FragmentAssembler&) = delete;
    FragmentAssembler& operator=(const FragmentAssembler&) = delete;

    void operator()(ConstBytes payload, const Header& header) {
        if ((header.flags() & wire::data_flags::kUnfragmented) == wire::data_flags::kUnfragmented) {
            handler_(payload, header);
            return;
        }
        BufferBuilder* builder = builders_.find(header);
        if (builder == nullptr || !assemble(*builder, payload, header)) return;
        const MessageScope scope(*builder);
        const Header whole = builder->complete_header(header);
        handler_(builder->message(), whole);
    }

    /// Frees what is kept for a session; false when there is nothing.
    bool free_session(std::int32_t session_id) { return builders_.free_session(session_id); }
    void clear() { builders_.clear(); }

  private:
    Handler handler_;
    SessionBuilders builders_;
};

/// Assembles the messages of all images of a subscription, for a handler that says how to go on.
template <typename Handler = ControlledFragmentHandler>
class ControlledFragmentAssembler {
  public:
    explicit ControlledFragmentAssembler(Handler handler, std::size_t initial_capacity = 0)
        : handler_(std::move(handler)), builders_(initial_capacity) {}
    ControlledFragmentAssembler(const ControlledFragmentAssembler&) = delete;
    ControlledFragmentAssembler& operator=(const ControlledFragmentAssembler&) = delete;

    ControlledAction operator()(ConstBytes payload, const Header& header) {
        if ((header.flags() & wire::data_flags::kUnfragmented) == wire::data_flags::kUnfragmented) {
            return handler_(payload, header);
        }
        BufferBuilder* builder = builders_.find(header);
        if (builder == nullptr) return ControlledAction::continue_;
        return ImageControlledFragmentAssembler<Handler>::handle(handler_, *builder, payload,
                                                                 header);
    }

    /// Frees what is kept for a session; false when there is nothing.
    bool free_session(std::int32_t session_id) { return builders_.free_session(session_id); }
    void clear() { builders_.clear(); }

  private:
    Handler handler_;
    SessionBuilders builders_;
};

}  // namespace tern::client
