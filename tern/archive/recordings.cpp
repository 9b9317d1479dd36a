#include "tern/archive/recordings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/archive/channels.hpp"
#include "tern/archive/error_codes.hpp"
#include "tern/base/math.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {

std::int32_t RecordingSubscriptions::listed_count() const noexcept {
    return static_cast<std::int32_t>(
        std::ranges::count_if(map_, [](const auto& entry) { return entry.second.listed; }));
}

Recordings::Recordings(ArchiveServices& services, ControlSessions& sessions, Recorder& recorder,
                       const PendingDeletes& deletes, RecordingEvents* events)
    : services_(services),
      sessions_(sessions),
      recorder_(recorder),
      deletes_(deletes),
      events_(events) {}

void Recordings::attempt(const std::function<void()>& step) const {
    try {
        step();
    } catch (const std::exception& error) {
        services_.report(error);
    }
}

// ---- Requests ----------------------------------------------------------------------------------

bool Recordings::has_key(const std::string& key) const {
    return std::ranges::any_of(
        map_, [&](const auto& entry) { return entry.second.listed && entry.second.key == key; });
}

bool Recordings::is_storage_low(ControlSession& session, std::int64_t correlation_id) {
    const auto threshold = services_.context.low_storage_space_threshold;
    const auto usable = services_.platform.storage.free_space(services_.context.archive_directory);
    if (usable > threshold) return false;
    session.send_error(
        correlation_id, error_code::kStorageSpace,
        fmt::format("low storage threshold={} <= usableSpace={}", threshold, usable));
    return true;
}

void Recordings::start(ControlSession& session, const StartRequest& request) {
    const auto limit = services_.context.max_concurrent_recordings;
    if (std::ssize(active_) >= limit) {
        session.send_error(request.correlation_id, error_code::kMaxRecordings,
                           fmt::format("max concurrent recordings reached {}", limit));
        return;
    }
    if (is_storage_low(session, request.correlation_id)) return;
    add_subscription(session, request);
}

void Recordings::extend(ControlSession& session, const StartRequest& request) {
    const auto id = request.recording_id;
    const auto refuse = [&](std::int32_t code, const std::string& text) {
        session.send_error(request.correlation_id, code, text);
    };
    const auto limit = services_.context.max_concurrent_recordings;
    if (std::ssize(active_) >= limit) {
        return refuse(error_code::kMaxRecordings,
                      fmt::format("max concurrent recordings reached at {}", limit));
    }
    const auto recording = services_.catalog.find(id);
    if (!recording) {
        return refuse(error_code::kUnknownRecording, fmt::format("unknown recording id: {}", id));
    }
    if (recording->stream_id != request.stream_id) {
        return refuse(error_code::kUnknownRecording,
                      fmt::format("cannot extend recording {} with streamId={} for existing "
                                  "streamId={}",
                                  id, request.stream_id, recording->stream_id));
    }
    if (is_active(id)) {
        return refuse(error_code::kActiveRecording,
                      fmt::format("cannot extend active recording {}", id));
    }
    if (deletes_.highest_segment(id) >= recording->stop_position) {
        return refuse(
            error_code::kGeneric,
            fmt::format("cannot extend recording {} due to an outstanding delete operation", id));
    }
    if (is_storage_low(session, request.correlation_id)) return;
    add_subscription(session, request);
}

void Recordings::add_subscription(ControlSession& session, const StartRequest& request) {
    try {
        const auto channels =
            recording_channels(request.channel, request.stream_id, request.is_local);
        if (has_key(channels.key)) {
            session.send_error(request.correlation_id, error_code::kActiveSubscription,
                               fmt::format("recording exists for streamId={} channel={}",
                                           request.stream_id, request.channel));
            return;
        }
        if (map_.size() >= kMaxSubscriptions) {
            session.send_error(
                request.correlation_id, error_code::kMaxRecordings,
                fmt::format("max recording subscriptions reached {}", kMaxSubscriptions));
            return;
        }
        RecordingSubscription subscription;
        subscription.registration_id = services_.aeron.async_add_subscription(
            channels.subscription, request.stream_id,
            {.available =
                 [this](const std::shared_ptr<client::Image>& image) {
                     const auto it = map_.find(image->subscription_registration_id());
                     if (it != map_.end()) it->second.arrivals.push_back(image);
                 },
             .unavailable = [](const std::shared_ptr<client::Image>&) {}});
        subscription.key = channels.key;
        subscription.stream_id = request.stream_id;
        subscription.channel = channels.subscription;
        subscription.stripped = channels.stripped;
        subscription.original = std::string(request.channel);
        subscription.control_session_id = session.session_id();
        subscription.correlation_id = request.correlation_id;
        subscription.auto_stop = request.auto_stop;
        subscription.extended_recording_id = request.recording_id;
        map_.emplace(subscription.registration_id, std::move(subscription));
    } catch (const std::exception& error) {
        services_.report(error);
        session.send_error(request.correlation_id, error_code::kGeneric, error.what());
    }
}

void Recordings::stop(ControlSession& session, std::int64_t correlation_id, std::int32_t stream_id,
                      std::string_view channel) {
    std::string key;
    try {
        key = recording_channels(channel, stream_id, true).key;
    } catch (const std::exception& error) {
        services_.report(error);
        session.send_error(correlation_id, error_code::kGeneric, error.what());
        return;
    }
    const auto it = std::ranges::find_if(
        map_, [&](const auto& entry) { return entry.second.listed && entry.second.key == key; });
    if (it == map_.end()) {
        session.send_error(
            correlation_id, error_code::kUnknownSubscription,
            fmt::format("no recording found for streamId={} channel={}", stream_id, channel));
        return;
    }
    unlist(it->second);
    session.send_ok(correlation_id);
}

void Recordings::stop_subscription(ControlSession& session, std::int64_t correlation_id,
                                   std::int64_t subscription_id) {
    const auto it = map_.find(subscription_id);
    if (it == map_.end() || !it->second.listed) {
        session.send_error(
            correlation_id, error_code::kUnknownSubscription,
            fmt::format("no recording subscription found for subscriptionId={}", subscription_id));
        return;
    }
    unlist(it->second);
    session.send_ok(correlation_id);
}

void Recordings::stop_by_identity(ControlSession& session, std::int64_t correlation_id,
                                  std::int64_t recording_id) {
    if (!services_.catalog.contains(recording_id)) {
        session.send_error(correlation_id, error_code::kUnknownRecording,
                           fmt::format("unknown recording id: {}", recording_id));
        return;
    }
    std::int64_t removed = 0;
    if (const auto it = active_.find(recording_id); it != active_.end()) {
        const auto subscription_id = it->second.subscription_id;
        request_stop(it->second);
        const auto subscription = map_.find(subscription_id);
        if (subscription != map_.end() && subscription->second.listed) {
            subscription->second.listed = false;
            dereference(subscription_id, false);
            removed = 1;
        }
    }
    session.send_ok(correlation_id, removed);
}

/// Takes the subscription out of the table and stops all that it records.
void Recordings::unlist(RecordingSubscription& subscription) {
    const auto id = subscription.registration_id;
    subscription.listed = false;
    if (subscription.subscription == nullptr) {
        // Its starter hears the answer that it would have heard a moment later.
        sessions_.send_ok(subscription.control_session_id, subscription.correlation_id, id);
        services_.aeron.abandon(id);
    }
    for (auto& [recording_id, recording] : active_) {
        if (recording.subscription_id == id) request_stop(recording);
    }
    dereference(id, false);
}

void Recordings::request_stop(ActiveRecording& recording) {
    recording.stop_requested = true;
    if (recording.session) recording.session->request_stop();
}

/// One user less; the last one closes the subscription.
void Recordings::dereference(std::int64_t subscription_id, bool close_now) {
    const auto it = map_.find(subscription_id);
    if (it == map_.end()) return;
    if (--it->second.references > 0 && !close_now) return;
    for (auto& [recording_id, recording] : active_) {
        if (recording.subscription_id == subscription_id) request_stop(recording);
    }
    const auto subscription = std::move(it->second.subscription);
    map_.erase(it);
    if (subscription) subscription->close();
}

std::shared_ptr<RecordedPosition> Recordings::recorded(std::int64_t recording_id) const {
    const auto it = active_.find(recording_id);
    if (it == active_.end()) return nullptr;
    // An extension begins when the catalog says so.
    const bool is_waiting = it->second.extending && !it->second.session;
    return is_waiting ? nullptr : it->second.recorded;
}

// ---- Duty cycle --------------------------------------------------------------------------------

int Recordings::do_work() {
    const int polled = poll_subscriptions();
    return polled + poll_active();
}

int Recordings::poll_subscriptions() {
    int work = 0;
    std::vector<std::int64_t> refused;
    for (auto& [id, subscription] : map_) {
        if (subscription.subscription == nullptr && !poll_registration(subscription)) {
            if (!subscription.listed) refused.push_back(id);
            continue;
        }
        const auto arrivals = std::exchange(subscription.arrivals, {});
        for (const auto& image : arrivals) {
            attempt([&] { on_image(subscription, image); });
            ++work;
        }
        if (subscription.subscription->is_closed()) refused.push_back(id);
    }
    for (const auto id : refused) map_.erase(id);
    return work;
}

/// False while the driver has not answered, or when it refused: then it is no longer listed.
bool Recordings::poll_registration(RecordingSubscription& subscription) {
    try {
        subscription.subscription = services_.aeron.find_subscription(subscription.registration_id);
        if (subscription.subscription == nullptr) return false;
    } catch (const std::exception& error) {
        subscription.listed = false;
        services_.report(error);
        sessions_.send_error(subscription.control_session_id, subscription.correlation_id,
                             error_code::kGeneric, error.what());
        return false;
    }
    sessions_.send_ok(subscription.control_session_id, subscription.correlation_id,
                      subscription.registration_id);
    return true;
}

void Recordings::on_image(RecordingSubscription& subscription,
                          const std::shared_ptr<client::Image>& image) {
    if (subscription.extended_recording_id == kNullValue) {
        start_recording(subscription, image);
    } else {
        extend_recording(subscription, image);
    }
}

void Recordings::start_recording(RecordingSubscription& subscription,
                                 const std::shared_ptr<client::Image>& image) {
    RecordingDescriptor d;
    d.start_timestamp_ms = services_.now_ms();
    d.start_position = image->join_position();
    d.initial_term_id = image->initial_term_id();
    d.segment_file_length =
        std::max(services_.context.segment_file_length, image->term_buffer_length());
    d.term_buffer_length = image->term_buffer_length();
    d.mtu_length = image->mtu_length();
    d.session_id = image->session_id();
    d.stream_id = image->stream_id();
    d.stripped_channel = subscription.stripped;
    d.original_channel = subscription.original;
    d.source_identity = image->source_identity();
    try {
        activate(subscription, image, services_.catalog.add_recording(d), false);
    } catch (const std::exception& error) {
        sessions_.send_error(subscription.control_session_id, subscription.correlation_id,
                             error_code::kGeneric, error.what());
        throw;
    }
}

std::string Recordings::why_not_extendable(const RecordingSubscription& subscription,
                                           const client::Image& image, std::int32_t& code) {
    const auto id = subscription.extended_recording_id;
    const auto where =
        fmt::format("streamId={} channel={}", image.stream_id(), subscription.original);
    code = error_code::kActiveRecording;
    if (is_active(id)) return fmt::format("cannot extend active recording {} {}", id, where);
    const auto recording = services_.catalog.find(id);
    code = error_code::kUnknownRecording;
    if (!recording) return fmt::format("unknown recording id: {}", id);
    code = error_code::kGeneric;
    if (deletes_.highest_segment(id) >= recording->stop_position) {
        return fmt::format("cannot extend recording {} due to an outstanding delete operation: {}",
                           id, where);
    }
    code = error_code::kInvalidExtension;
    const auto differ = [&](std::string_view ours, std::int64_t a, std::string_view theirs,
                            std::int64_t b) {
        return a == b ? std::string{}
                      : fmt::format("cannot extend recording {} image.{}={} != rec.{}={}", id, ours,
                                    a, theirs, b);
    };
    for (const auto& text :
         {planted(Fault::extension_leaves_hole) ? std::string{}
                                                : differ("joinPosition", image.join_position(),
                                                         "stopPosition", recording->stop_position),
          differ("initialTermId", image.initial_term_id(), "initialTermId",
                 recording->initial_term_id),
          differ("termBufferLength", image.term_buffer_length(), "termBufferLength",
                 recording->term_buffer_length),
          differ("mtuLength", image.mtu_length(), "mtuLength", recording->mtu_length)}) {
        if (!text.empty()) return text;
    }
    return {};
}

void Recordings::extend_recording(RecordingSubscription& subscription,
                                  const std::shared_ptr<client::Image>& image) {
    std::int32_t code = 0;
    const auto refusal = why_not_extendable(subscription, *image, code);
    if (refusal.empty()) {
        activate(subscription, image, subscription.extended_recording_id, true);
        return;
    }
    services_.warn(refusal);
    sessions_.send_error(subscription.control_session_id, subscription.correlation_id, code,
                         refusal);
    if (subscription.auto_stop && subscription.listed) {
        subscription.listed = false;
        subscription.subscription->close();
    }
}

void Recordings::activate(RecordingSubscription& subscription,
                          const std::shared_ptr<client::Image>& image, std::int64_t recording_id,
                          bool extending) {
    ActiveRecording recording;
    recording.recording_id = recording_id;
    recording.subscription_id = subscription.registration_id;
    recording.control_session_id = subscription.control_session_id;
    recording.correlation_id = subscription.correlation_id;
    recording.extending = extending;
    recording.auto_stop = subscription.auto_stop;
    recording.stop_requested = !subscription.listed;
    recording.image = image;
    recording.recorded = std::make_shared<RecordedPosition>(image->join_position());
    ++subscription.references;
    auto& active = active_.emplace(recording_id, std::move(recording)).first->second;
    services_.counters.recording_sessions->set(std::ssize(active_));
    try {
        active.counter_id =
            async_add_recording_position(services_.aeron, services_.archive_id, recording_id,
                                         *image, services_.catalog.stripped_channel(recording_id));
    } catch (const std::exception& error) {
        give_up(active, error);
    }
}

int Recordings::poll_active() {
    int work = 0;
    std::vector<std::int64_t> over;
    for (auto& [id, recording] : active_) {
        if (!recording.session) {
            if (recording.counter_id == kNullValue || !poll_counter(recording)) {
                if (recording.counter_id == kNullValue) over.push_back(id);
                continue;
            }
            ++work;
        }
        if (!recording.handed_over) {
            recording.handed_over = recorder_.hand_over(recording.session.get());
        }
        if (recording.session->is_released()) over.push_back(id);
    }
    for (const auto id : over) {
        finish(active_.at(id));
        active_.erase(id);
        services_.counters.recording_sessions->set(std::ssize(active_));
        ++work;
    }
    return work;
}

bool Recordings::poll_counter(ActiveRecording& recording) {
    try {
        auto counter = services_.aeron.find_counter(recording.counter_id);
        if (!counter) return false;
        begin_session(recording, std::move(counter));
        return true;
    } catch (const std::exception& error) {
        give_up(recording, error);
        return false;
    }
}

void Recordings::begin_session(ActiveRecording& recording,
                               std::unique_ptr<client::Counter> counter) {
    const auto& image = *recording.image;
    const auto join = image.join_position();
    const auto summary = *services_.catalog.find(recording.recording_id);
    counter->set(join);
    RecordingSession::Spec spec;
    spec.control_session_id = recording.control_session_id;
    spec.correlation_id = recording.correlation_id;
    spec.recording_id = recording.recording_id;
    spec.subscription_id = recording.subscription_id;
    spec.auto_stop = recording.auto_stop;
    spec.original_channel = std::string(services_.catalog.original_channel(recording.recording_id));
    spec.image = recording.image;
    spec.position_counter = std::move(counter);
    spec.writer = {.archive_directory = services_.context.archive_directory,
                   .recording_id = recording.recording_id,
                   .geometry = summary.geometry(),
                   .position = join,
                   .extending = recording.extending,
                   .file_sync_level = services_.context.file_sync_level,
                   .sync_directory = services_.context.catalog_file_sync_level > 0,
                   .checksum = services_.context.record_checksum,
                   .max_block_length = services_.context.file_io_max_length};
    spec.events = events_;
    if (recording.extending) {
        RecordingWriter::remove_later_segments(spec.writer, services_.platform.storage);
        services_.catalog.extend_recording(recording.recording_id, recording.control_session_id,
                                           recording.correlation_id, image.session_id());
    }
    recording.session =
        std::make_unique<RecordingSession>(std::move(spec), recording.recorded, services_.platform);
    if (recording.stop_requested) recording.session->request_stop();
    sessions_.send_signal(
        recording.control_session_id, recording.extending ? Signal::extend : Signal::start,
        recording.correlation_id, recording.recording_id, recording.subscription_id, join);
}

/// No counter, no recording: the entry is undone and the client told.
void Recordings::give_up(ActiveRecording& recording, const std::exception& error) {
    recording.counter_id = kNullValue;
    recording.session.reset();
    services_.report(error);
    sessions_.send_error(recording.control_session_id, recording.correlation_id,
                         error_code::kGeneric, error.what());
    if (!recording.extending) {
        attempt(
            [&] { services_.catalog.set_state(recording.recording_id, RecordingState::invalid); });
    }
}

/// The recorder has let go, or there never was a session: the order is ARC-5.7's, and every step
/// is tried.
void Recordings::finish(ActiveRecording& recording) {
    const auto id = recording.recording_id;
    const auto position = recording.recorded->position();
    attempt([&] {
        const auto entry = services_.catalog.find(id);
        if (entry && entry->is_live() && !planted(Fault::stop_position_not_written)) {
            services_.catalog.recording_stopped(id, position, services_.now_ms());
        }
    });
    recording.recorded->end();
    if (recording.session) {
        if (!recording.session->error().empty()) {
            attempt([&] {
                services_.report(Error(fmt::format("recording {} stopped at {}: {}", id, position,
                                                   recording.session->error()),
                                       recording.session->error_code()));
                sessions_.send_error(recording.control_session_id, recording.correlation_id,
                                     recording.session->error_code(), recording.session->error());
            });
        }
        attempt([&] {
            sessions_.send_signal(recording.control_session_id, Signal::stop,
                                  recording.correlation_id, id, recording.subscription_id,
                                  position);
        });
        recording.session->spec().position_counter->close();
    }
    attempt([&] {
        const auto subscription_id = recording.subscription_id;
        recording.subscription_id = kNullValue;
        dereference(subscription_id, recording.auto_stop && !planted(Fault::auto_stop_ignored));
    });
}

void Recordings::close() {
    for (auto& [id, recording] : active_) {
        if (!recording.session && recording.counter_id != kNullValue) {
            services_.aeron.abandon(recording.counter_id);
        }
        finish(recording);
    }
    active_.clear();
    for (auto& [id, subscription] : map_) {
        if (subscription.subscription) {
            subscription.subscription->close();
        } else {
            services_.aeron.abandon(id);
        }
    }
    map_.clear();
}

}  // namespace tern::archive
