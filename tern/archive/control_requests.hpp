#pragma once
// From the bytes of a request to the part of the archive that serves it (ARC-2.1, ARC-4.3 of
// chapter 41).
//
// Bytes from a control stream are not trusted: what cannot be decoded is reported and dropped, and
// nothing that a request does keeps the next one from being served.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/authentication.hpp"
#include "tern/archive/control_sessions.hpp"
#include "tern/archive/recordings.hpp"
#include "tern/archive/replays.hpp"
#include "tern/archive/segment_operations.hpp"

namespace tern::archive {

class ControlRequests {
  public:
    ControlRequests(ArchiveServices& services, ControlSessions& sessions,
                    AuthorisationService& authorisation, Recordings& recordings, Replays& replays,
                    SegmentOperations& segments)
        : services_(services),
          sessions_(sessions),
          authorisation_(authorisation),
          recordings_(recordings),
          replays_(replays),
          segments_(segments) {}

    /// One whole message from a control subscription. Throws what the serving parts throw.
    void on_message(ConstBytes message, const client::Image& image,
                    const client::Subscription& subscription);

  private:
    /// Where the message in hand came from.
    struct Origin {
        const client::Image& image;
        const client::Subscription& subscription;
    };
    struct Connect {
        std::int64_t correlation_id;
        std::int32_t response_stream_id;
        std::int32_t version;
        std::string_view response_channel;
        ConstBytes credentials;
        std::string_view client_info;
    };

    void connect(const Connect& request, const Origin& origin);
    bool dispatch_session(std::uint16_t template_id, ConstBytes message, const Origin& origin);
    bool dispatch_recording(std::uint16_t template_id, ConstBytes message);
    bool dispatch_replay(std::uint16_t template_id, ConstBytes message, const Origin& origin);
    bool dispatch_query(std::uint16_t template_id, ConstBytes message);
    bool dispatch_position(std::uint16_t template_id, ConstBytes message);
    bool dispatch_segments(std::uint16_t template_id, ConstBytes message);
    bool dispatch_replication(std::uint16_t template_id, ConstBytes message);

    /// Decodes, finds the session, asks for permission; null when the request is not to be served.
    template <typename Message>
    [[nodiscard]] ControlSession* admit(const Message& message);
    /// Admits, activates, and calls serve(session, message).
    template <typename Message, typename Serve>
    bool serve(ConstBytes bytes, Serve&& serve);

    template <typename Message>
    void start_replay(ConstBytes bytes, const Origin& origin,
                      std::optional<std::int32_t> limit_counter_id);
    void find_last_matching(ControlSession& session, std::int64_t correlation_id,
                            std::int64_t min_recording_id, std::int32_t session_id,
                            std::int32_t stream_id, std::string_view channel);
    void update_channel(ControlSession& session, std::int64_t correlation_id,
                        std::int64_t recording_id, std::string_view channel);

    void warn_unknown_session(std::int64_t session_id, std::uint16_t template_id);

    /// Unknown sessions that the error log names; a sender can make up any number of them.
    static constexpr int kMaxNamedUnknownSessions = 16;

    ArchiveServices& services_;
    ControlSessions& sessions_;
    AuthorisationService& authorisation_;
    Recordings& recordings_;
    Replays& replays_;
    SegmentOperations& segments_;
    int named_unknown_sessions_ = 0;
};

}  // namespace tern::archive
