#include "tern/archive/control_requests.hpp"

#include <fmt/format.h>

#include "tern/archive/channels.hpp"
#include "tern/archive/error_codes.hpp"
#include "tern/archive/protocol.hpp"
#include "tern/wire/archive_messages.hpp"

namespace tern::archive {
namespace {

namespace msg = wire::archive;

template <typename Message>
Message decode(ConstBytes bytes) {
    auto message = wire::decode<Message>(bytes);
    if (!message) {
        throw Error(fmt::format("control request templateId={} is malformed: {}", Message::kId.id,
                                to_string(message.error())));
    }
    return *message;
}

/// False for what is no channel: its replay is refused where it would begin.
bool is_response_channel(std::string_view channel) {
    try {
        return wire::ChannelUri::parse(channel).has_control_mode(wire::control_mode::kResponse);
    } catch (const Error&) {
        return false;
    }
}

/// What a request fails with is told to its client, too, who need not wait in vain.
template <typename Step>
void answer_failure(ControlSession& session, std::int64_t correlation_id, Step&& step) {
    try {
        step();
    } catch (const std::exception& error) {
        session.send_error(correlation_id, error_code::kGeneric, error.what());
        throw;
    }
}

bool is_local(msg::SourceLocation location) { return location == msg::SourceLocation::local; }

}  // namespace

void ControlRequests::on_message(ConstBytes message, const client::Image& image,
                                 const client::Subscription& subscription) {
    const auto header = wire::MessageHeader::read(message);
    if (!header) throw Error("control request is shorter than its header");
    if (header->schema_id != msg::kSchema.id) {
        // Without the number, which the sender chooses: one entry in the error log, not 65535.
        throw Error(fmt::format("control request of another schema: expected schemaId={}",
                                msg::kSchema.id));
    }
    const auto id = header->template_id;
    const Origin origin{image, subscription};
    // Templates that none of them knows are those of a newer client: ignored.
    dispatch_session(id, message, origin) || dispatch_recording(id, message) ||
        dispatch_replay(id, message, origin) || dispatch_query(id, message) ||
        dispatch_position(id, message) || dispatch_segments(id, message) ||
        dispatch_replication(id, message);
}

void ControlRequests::warn_unknown_session(std::int64_t session_id, std::uint16_t template_id) {
    const bool is_named = named_unknown_sessions_ < kMaxNamedUnknownSessions;
    if (is_named) ++named_unknown_sessions_;
    services_.warn(is_named ? fmt::format("control request for unknown session: "
                                          "controlSessionId={} templateId={}",
                                          session_id, template_id)
                            : "control requests for more unknown sessions");
}

template <typename Message>
ControlSession* ControlRequests::admit(const Message& message) {
    ControlSession* session = sessions_.find(message.control_session_id);
    if (session == nullptr) {
        warn_unknown_session(message.control_session_id, Message::kId.id);
        return nullptr;
    }
    if (!authorisation_.is_authorised(Message::kId.id, session->principal())) {
        services_.warn(fmt::format("unauthorised archive action={} controlSessionId={} source={}",
                                   Message::kId.id, session->session_id(),
                                   session->spec().request_image->source_identity()));
        session->send_error(message.correlation_id, error_code::kUnauthorisedAction,
                            "unauthorised action");
        return nullptr;
    }
    return session;
}

template <typename Message, typename Serve>
bool ControlRequests::serve(ConstBytes bytes, Serve&& serve) {
    const auto message = decode<Message>(bytes);
    ControlSession* session = admit(message);
    if (session != nullptr && session->activate()) {
        answer_failure(*session, message.correlation_id, [&] { serve(*session, message); });
    }
    return true;
}

// ---- Sessions ----------------------------------------------------------------------------------

bool ControlRequests::dispatch_session(std::uint16_t template_id, ConstBytes bytes,
                                       const Origin& origin) {
    switch (template_id) {
        case msg::ConnectRequest::kId: {
            const auto m = decode<msg::ConnectRequest>(bytes);
            connect({m.correlation_id, m.response_stream_id, m.version, m.response_channel, {}, {}},
                    origin);
            return true;
        }
        case msg::AuthConnectRequest::kId: {
            const auto m = decode<msg::AuthConnectRequest>(bytes);
            connect({m.correlation_id, m.response_stream_id, m.version, m.response_channel,
                     m.encoded_credentials, m.client_info},
                    origin);
            return true;
        }
        case msg::CloseSessionRequest::kId: {
            const auto m = decode<msg::CloseSessionRequest>(bytes);
            if (auto* session = sessions_.find(m.control_session_id)) {
                session->end(SessionEndCause::close_request, "session closed");
            }
            return true;
        }
        case msg::ChallengeResponse::kId: {
            const auto m = decode<msg::ChallengeResponse>(bytes);
            if (auto* session = sessions_.find(m.control_session_id)) {
                session->on_challenge_response(m.correlation_id, m.encoded_credentials);
            }
            return true;
        }
        case msg::KeepAliveRequest::kId:
            return serve<msg::KeepAliveRequest>(bytes, [](ControlSession&, const auto&) {});
        case msg::ArchiveIdRequest::kId:
            return serve<msg::ArchiveIdRequest>(bytes, [this](ControlSession& s, const auto& m) {
                s.send_ok(m.correlation_id, services_.archive_id);
            });
        default:
            return false;
    }
}

void ControlRequests::connect(const Connect& request, const Origin& origin) {
    std::shared_ptr<client::Image> image;
    for (const auto& candidate : origin.subscription.images()) {
        if (candidate.get() == &origin.image) image = candidate;
    }
    if (!image) return;  // gone between its last fragment and now
    if (sessions_.is_full()) {
        throw Error(fmt::format("connect request dropped: {} control sessions are open",
                                ControlSessions::kMaxSessions));
    }
    ControlSession::Spec spec;
    spec.session_id = sessions_.next_id();
    spec.correlation_id = request.correlation_id;
    spec.response_channel = std::string(request.response_channel);
    spec.publication_channel = response_publication_channel(
        services_.context, request.response_channel, image->correlation_id());
    spec.response_stream_id = request.response_stream_id;
    spec.client_info = std::string(request.client_info);
    spec.version_error = check_client_version(request.version);
    spec.request_image = std::move(image);
    spec.request_channel = origin.subscription.channel();
    auto session =
        std::make_unique<ControlSession>(std::move(spec), services_, sessions_.authenticator());
    sessions_.authenticator().on_connect_request(session->session_id(), request.credentials,
                                                 services_.now_ms());
    sessions_.add(std::move(session));
}

// ---- Recordings --------------------------------------------------------------------------------

bool ControlRequests::dispatch_recording(std::uint16_t template_id, ConstBytes bytes) {
    const auto start = [this](ControlSession& s, const auto& m, bool auto_stop) {
        recordings_.start(s, {m.correlation_id, -1, m.stream_id, is_local(m.source_location),
                              auto_stop, m.channel});
    };
    const auto extend = [this](ControlSession& s, const auto& m, bool auto_stop) {
        recordings_.extend(s, {m.correlation_id, m.recording_id, m.stream_id,
                               is_local(m.source_location), auto_stop, m.channel});
    };
    switch (template_id) {
        case msg::StartRecordingRequest::kId:
            return serve<msg::StartRecordingRequest>(
                bytes, [&](ControlSession& s, const auto& m) { start(s, m, false); });
        case msg::StartRecordingRequest2::kId:
            return serve<msg::StartRecordingRequest2>(bytes, [&](ControlSession& s, const auto& m) {
                start(s, m, wire::is_true(m.auto_stop));
            });
        case msg::ExtendRecordingRequest::kId:
            return serve<msg::ExtendRecordingRequest>(
                bytes, [&](ControlSession& s, const auto& m) { extend(s, m, false); });
        case msg::ExtendRecordingRequest2::kId:
            return serve<msg::ExtendRecordingRequest2>(bytes,
                                                       [&](ControlSession& s, const auto& m) {
                                                           extend(s, m, wire::is_true(m.auto_stop));
                                                       });
        case msg::StopRecordingRequest::kId:
            return serve<msg::StopRecordingRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    recordings_.stop(s, m.correlation_id, m.stream_id, m.channel);
                });
        case msg::StopRecordingSubscriptionRequest::kId:
            return serve<msg::StopRecordingSubscriptionRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    recordings_.stop_subscription(s, m.correlation_id, m.subscription_id);
                });
        case msg::StopRecordingByIdentityRequest::kId:
            return serve<msg::StopRecordingByIdentityRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    recordings_.stop_by_identity(s, m.correlation_id, m.recording_id);
                });
        default:
            return false;
    }
}

// ---- Replays -----------------------------------------------------------------------------------

template <typename Message>
void ControlRequests::start_replay(ConstBytes bytes, const Origin& origin,
                                   std::optional<std::int32_t> limit_counter_id) {
    const auto m = decode<Message>(bytes);
    Replays::Request request;
    request.correlation_id = m.correlation_id;
    request.recording_id = m.recording_id;
    request.position = m.position;
    request.length = m.length;
    request.limit_counter_id = limit_counter_id;
    request.stream_id = m.replay_stream_id;
    request.file_io_max_length = m.file_io_max_length;
    request.channel = m.replay_channel;
    ControlSession* session = nullptr;
    if (m.replay_token != kNullValue && is_response_channel(m.replay_channel)) {
        const auto session_id = replays_.find_token(m.replay_token, m.recording_id);
        session = session_id ? sessions_.find(*session_id) : nullptr;
        if (session == nullptr) {
            throw Error(
                fmt::format("Unknown session or token timeout for replayToken={}", m.replay_token));
        }
        request.response_image = origin.image.correlation_id();
    } else {
        session = admit(m);
    }
    if (session != nullptr && session->activate()) {
        answer_failure(*session, m.correlation_id, [&] { replays_.start(*session, request); });
    }
}

bool ControlRequests::dispatch_replay(std::uint16_t template_id, ConstBytes bytes,
                                      const Origin& origin) {
    switch (template_id) {
        case msg::ReplayRequest::kId:
            start_replay<msg::ReplayRequest>(bytes, origin, std::nullopt);
            return true;
        case msg::BoundedReplayRequest::kId:
            start_replay<msg::BoundedReplayRequest>(
                bytes, origin, decode<msg::BoundedReplayRequest>(bytes).limit_counter_id);
            return true;
        case msg::StopReplayRequest::kId:
            return serve<msg::StopReplayRequest>(bytes, [this](ControlSession& s, const auto& m) {
                replays_.stop(s, m.correlation_id, m.replay_session_id);
            });
        case msg::StopAllReplaysRequest::kId:
            return serve<msg::StopAllReplaysRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    replays_.stop_all(s, m.correlation_id, m.recording_id);
                });
        case msg::ReplayTokenRequest::kId: {
            // Served in whatever state the session is, and it does not activate it.
            const auto m = decode<msg::ReplayTokenRequest>(bytes);
            if (auto* session = admit(m)) {
                answer_failure(*session, m.correlation_id, [&] {
                    session->send_ok(m.correlation_id,
                                     replays_.issue_token(session->session_id(), m.recording_id));
                });
            }
            return true;
        }
        default:
            return false;
    }
}

// ---- Queries -----------------------------------------------------------------------------------

bool ControlRequests::dispatch_query(std::uint16_t template_id, ConstBytes bytes) {
    switch (template_id) {
        case msg::ListRecordingsRequest::kId:
            return serve<msg::ListRecordingsRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    s.start_listing(m.correlation_id,
                                    list_recordings(services_.catalog, m.correlation_id,
                                                    m.from_recording_id, m.record_count, {}));
                });
        case msg::ListRecordingsForUriRequest::kId:
            return serve<msg::ListRecordingsForUriRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    s.start_listing(m.correlation_id,
                                    list_recordings(services_.catalog, m.correlation_id,
                                                    m.from_recording_id, m.record_count,
                                                    {true, m.stream_id, std::string(m.channel)}));
                });
        case msg::ListRecordingRequest::kId:
            return serve<msg::ListRecordingRequest>(bytes, [this](ControlSession& s,
                                                                  const auto& m) {
                s.start_listing(m.correlation_id, list_recording(services_.catalog,
                                                                 m.correlation_id, m.recording_id));
            });
        case msg::ListRecordingSubscriptionsRequest::kId:
            return serve<msg::ListRecordingSubscriptionsRequest>(bytes, [this](ControlSession& s,
                                                                               const auto& m) {
                s.start_listing(
                    m.correlation_id,
                    list_subscriptions(
                        recordings_, m.correlation_id, m.pseudo_index, m.subscription_count,
                        {wire::is_true(m.apply_stream_id), m.stream_id, std::string(m.channel)}));
            });
        case msg::FindLastMatchingRecordingRequest::kId:
            return serve<msg::FindLastMatchingRecordingRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    find_last_matching(s, m.correlation_id, m.min_recording_id, m.session_id,
                                       m.stream_id, m.channel);
                });
        case msg::UpdateChannelRequest::kId: {
            const auto m = decode<msg::UpdateChannelRequest>(bytes);
            if (auto* session = admit(m)) {
                answer_failure(*session, m.correlation_id, [&] {
                    update_channel(*session, m.correlation_id, m.recording_id, m.channel);
                });
            }
            return true;
        }
        default:
            return false;
    }
}

void ControlRequests::find_last_matching(ControlSession& session, std::int64_t correlation_id,
                                         std::int64_t min_recording_id, std::int32_t session_id,
                                         std::int32_t stream_id, std::string_view channel) {
    if (min_recording_id < 0) {
        session.send_error(correlation_id, error_code::kUnknownRecording,
                           fmt::format("minRecordingId={} < 0", min_recording_id));
        return;
    }
    session.send_ok(correlation_id,
                    services_.catalog.find_last(min_recording_id, session_id, stream_id, channel));
}

void ControlRequests::update_channel(ControlSession& session, std::int64_t correlation_id,
                                     std::int64_t recording_id, std::string_view channel) {
    if (session.is_listing()) {
        session.send_error(correlation_id, error_code::kActiveListing,
                           "active listing already in progress");
        return;
    }
    auto recording = services_.catalog.describe(recording_id);
    if (!recording) {
        session.send_recording_unknown(correlation_id, recording_id);
        return;
    }
    recording->original_channel = std::string(channel);
    recording->stripped_channel = recording_channels(channel, recording->stream_id, false).stripped;
    services_.catalog.replace_recording(*recording);
    session.send_ok(correlation_id);
}

bool ControlRequests::dispatch_position(std::uint16_t template_id, ConstBytes bytes) {
    const auto answer = [this](ControlSession& s, const auto& m, auto&& position_of) {
        const auto recording = services_.catalog.find(m.recording_id);
        if (!recording) {
            s.send_error(m.correlation_id, error_code::kUnknownRecording,
                         fmt::format("unknown recording id: {}", m.recording_id));
            return;
        }
        s.send_ok(m.correlation_id, position_of(*recording));
    };
    const auto live_or = [this](const RecordingSummary& recording, std::int64_t otherwise) {
        const auto recorded = recordings_.recorded(recording.recording_id);
        return recorded ? recorded->position() : otherwise;
    };
    switch (template_id) {
        case msg::StartPositionRequest::kId:
            return serve<msg::StartPositionRequest>(bytes, [&](ControlSession& s, const auto& m) {
                answer(s, m, [](const RecordingSummary& r) { return r.start_position; });
            });
        case msg::StopPositionRequest::kId:
            return serve<msg::StopPositionRequest>(bytes, [&](ControlSession& s, const auto& m) {
                answer(s, m, [](const RecordingSummary& r) { return r.stop_position; });
            });
        case msg::RecordingPositionRequest::kId:
            return serve<msg::RecordingPositionRequest>(
                bytes, [&](ControlSession& s, const auto& m) {
                    answer(s, m, [&](const RecordingSummary& r) { return live_or(r, kNullValue); });
                });
        case msg::MaxRecordedPositionRequest::kId:
            return serve<msg::MaxRecordedPositionRequest>(
                bytes, [&](ControlSession& s, const auto& m) {
                    answer(s, m,
                           [&](const RecordingSummary& r) { return live_or(r, r.stop_position); });
                });
        default:
            return false;
    }
}

// ---- Files -------------------------------------------------------------------------------------

bool ControlRequests::dispatch_segments(std::uint16_t template_id, ConstBytes bytes) {
    switch (template_id) {
        case msg::TruncateRecordingRequest::kId:
            return serve<msg::TruncateRecordingRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.truncate(s, m.correlation_id, m.recording_id, m.position);
                });
        case msg::PurgeRecordingRequest::kId:
            return serve<msg::PurgeRecordingRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.purge(s, m.correlation_id, m.recording_id);
                });
        case msg::DetachSegmentsRequest::kId:
            return serve<msg::DetachSegmentsRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.detach(s, m.correlation_id, m.recording_id, m.new_start_position);
                });
        case msg::DeleteDetachedSegmentsRequest::kId:
            return serve<msg::DeleteDetachedSegmentsRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.delete_detached(s, m.correlation_id, m.recording_id);
                });
        case msg::PurgeSegmentsRequest::kId:
            return serve<msg::PurgeSegmentsRequest>(bytes, [this](ControlSession& s,
                                                                  const auto& m) {
                segments_.purge_segments(s, m.correlation_id, m.recording_id, m.new_start_position);
            });
        case msg::AttachSegmentsRequest::kId:
            return serve<msg::AttachSegmentsRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.attach(s, m.correlation_id, m.recording_id);
                });
        case msg::MigrateSegmentsRequest::kId:
            return serve<msg::MigrateSegmentsRequest>(
                bytes, [this](ControlSession& s, const auto& m) {
                    segments_.migrate(s, m.correlation_id, m.src_recording_id, m.dst_recording_id);
                });
        default:
            return false;
    }
}

/// Replication is not offered yet: its requests are answered, so that no client waits in vain.
bool ControlRequests::dispatch_replication(std::uint16_t template_id, ConstBytes bytes) {
    const auto refuse = [](ControlSession& s, const auto& m) {
        s.send_error(m.correlation_id, error_code::kGeneric,
                     "this archive does not replicate from others");
    };
    switch (template_id) {
        case msg::ReplicateRequest::kId:
            return serve<msg::ReplicateRequest>(bytes, refuse);
        case msg::TaggedReplicateRequest::kId:
            return serve<msg::TaggedReplicateRequest>(bytes, refuse);
        case msg::ReplicateRequest2::kId:
            return serve<msg::ReplicateRequest2>(bytes, refuse);
        case msg::StopReplicationRequest::kId:
            return serve<msg::StopReplicationRequest>(bytes, [](ControlSession& s, const auto& m) {
                s.send_error(m.correlation_id, error_code::kUnknownReplication,
                             fmt::format("unknown replication id {}", m.replication_id));
            });
        default:
            return false;
    }
}

}  // namespace tern::archive
