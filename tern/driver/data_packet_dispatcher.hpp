#pragma once
// Which sessions of which streams a receive channel endpoint is interested in, and what is known
// about each (DSR-6): the map from (stream, session) to an image or to a reason to ignore it.
//
// Thread safety: the receiver's thread only.

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>

namespace tern::driver {

class PublicationImage;

/// Sessions of one endpoint that are remembered without having an image; further unknown ones are
/// ignored until some of these are gone. Keeps garbage from filling the memory.
inline constexpr std::size_t kMaxSessionsWithoutImage = 8192;
/// Images of one endpoint that the conductor is asked for at a time; the SETUPs of others have to
/// come again, as they do. Keeps a flood of them from holding up the conductor.
inline constexpr std::size_t kMaxImagesInProgress = 256;
/// Images of one endpoint. Keeps a flood of SETUPs from filling the disk with logs.
inline constexpr std::size_t kMaxImages = 4096;

enum class SessionState : std::uint8_t {
    unknown,           ///< interesting, nothing heard of it yet
    not_interesting,   ///< nobody subscribed
    pending_setup,     ///< data seen, SETUP elicited
    init_in_progress,  ///< image requested from the conductor
    active,            ///< has an image
    cool_down,         ///< image removed without end of stream; ignored until the conductor allows
};

class DataPacketDispatcher {
  public:
    struct Session {
        SessionState state = SessionState::unknown;
        PublicationImage* image = nullptr;  ///< when active
    };

    /// The hot path: one hash lookup, none when asked for the same session as before.
    [[nodiscard]] Session find(std::int32_t stream_id, std::int32_t session_id) {
        if (stream_id == last_stream_id_ && session_id == last_session_id_ &&
            last_image_ != nullptr) {
            return {SessionState::active, last_image_};
        }
        return look_up(stream_id, session_id);
    }

    void add_subscription(std::int32_t stream_id);
    void add_subscription(std::int32_t stream_id, std::int32_t session_id);
    /// Unknown ones are ignored.
    void remove_subscription(std::int32_t stream_id);
    void remove_subscription(std::int32_t stream_id, std::int32_t session_id);
    /// Whether there is interest in any stream.
    [[nodiscard]] bool has_interest() const noexcept { return !interests_.empty(); }

    /// Whether another image may be asked for (kMaxImages).
    [[nodiscard]] bool has_room_for_image() const noexcept {
        return sessions_.size() - without_image_ + in_progress_ < kMaxImages;
    }
    /// False when kMaxSessionsWithoutImage or kMaxImagesInProgress is reached; the session stays as
    /// it was.
    bool mark(std::int32_t stream_id, std::int32_t session_id, SessionState state);
    /// Forgets the session if it is in this state.
    void clear(std::int32_t stream_id, std::int32_t session_id, SessionState state);

    /// INIT_IN_PROGRESS -> ACTIVE. False (and not mapped) when nobody is interested any more.
    bool add_image(PublicationImage& image);
    /// If it is the mapped image: COOL_DOWN, or unknown when it saw the end of its stream.
    void remove_image(const PublicationImage& image);
    [[nodiscard]] std::int32_t image_count(std::int32_t stream_id) const;

  private:
    struct Interest {
        bool is_all_sessions = false;
        std::set<std::int32_t> sessions;
        std::int32_t image_count = 0;
    };

    [[nodiscard]] static std::uint64_t key(std::int32_t stream_id, std::int32_t session_id) {
        return (std::uint64_t{static_cast<std::uint32_t>(stream_id)} << 32) |
               static_cast<std::uint32_t>(session_id);
    }
    [[nodiscard]] Session look_up(std::int32_t stream_id, std::int32_t session_id);
    [[nodiscard]] bool is_interested(std::int32_t stream_id, std::int32_t session_id) const;
    void forget_uninteresting(std::int32_t stream_id);
    void erase(std::unordered_map<std::uint64_t, Session>::iterator session);

    std::map<std::int32_t, Interest> interests_;
    std::unordered_map<std::uint64_t, Session> sessions_;
    std::size_t without_image_ = 0;
    std::size_t in_progress_ = 0;  // of those without
    std::int32_t last_stream_id_ = 0;
    std::int32_t last_session_id_ = 0;
    PublicationImage* last_image_ = nullptr;
};

}  // namespace tern::driver
