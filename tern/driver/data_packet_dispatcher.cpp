#include "tern/driver/data_packet_dispatcher.hpp"

#include "tern/driver/publication_image.hpp"

namespace tern::driver {

DataPacketDispatcher::Session DataPacketDispatcher::look_up(std::int32_t stream_id,
                                                            std::int32_t session_id) {
    const auto found = sessions_.find(key(stream_id, session_id));
    if (found == sessions_.end()) {
        const bool interesting = is_interested(stream_id, session_id);
        return {interesting ? SessionState::unknown : SessionState::not_interesting, nullptr};
    }
    if (found->second.image != nullptr) {
        last_stream_id_ = stream_id;
        last_session_id_ = session_id;
        last_image_ = found->second.image;
    }
    return found->second;
}

bool DataPacketDispatcher::is_interested(std::int32_t stream_id, std::int32_t session_id) const {
    const auto found = interests_.find(stream_id);
    return found != interests_.end() &&
           (found->second.is_all_sessions || found->second.sessions.contains(session_id));
}

// Subscriptions ---------------------------------------------------------------------------------

void DataPacketDispatcher::add_subscription(std::int32_t stream_id) {
    interests_[stream_id].is_all_sessions = true;
}

void DataPacketDispatcher::add_subscription(std::int32_t stream_id, std::int32_t session_id) {
    interests_[stream_id].sessions.insert(session_id);
}

void DataPacketDispatcher::remove_subscription(std::int32_t stream_id) {
    const auto found = interests_.find(stream_id);
    if (found == interests_.end()) return;
    found->second.is_all_sessions = false;
    forget_uninteresting(stream_id);
}

void DataPacketDispatcher::remove_subscription(std::int32_t stream_id, std::int32_t session_id) {
    const auto found = interests_.find(stream_id);
    if (found == interests_.end()) return;
    found->second.sessions.erase(session_id);
    forget_uninteresting(stream_id);
}

void DataPacketDispatcher::forget_uninteresting(std::int32_t stream_id) {
    for (auto session = sessions_.begin(); session != sessions_.end();) {
        const auto next = std::next(session);
        const auto stream = static_cast<std::int32_t>(session->first >> 32);
        const auto id = static_cast<std::int32_t>(session->first);
        if (stream == stream_id && !is_interested(stream, id)) erase(session);
        session = next;
    }
    const auto interest = interests_.find(stream_id);
    if (!interest->second.is_all_sessions && interest->second.sessions.empty()) {
        interests_.erase(interest);
    }
}

// Sessions --------------------------------------------------------------------------------------

void DataPacketDispatcher::erase(std::unordered_map<std::uint64_t, Session>::iterator session) {
    if (session->second.image == nullptr) {
        --without_image_;
        if (session->second.state == SessionState::init_in_progress) --in_progress_;
    } else {
        if (session->second.image == last_image_) last_image_ = nullptr;
        const auto interest = interests_.find(static_cast<std::int32_t>(session->first >> 32));
        if (interest != interests_.end()) --interest->second.image_count;
    }
    sessions_.erase(session);
}

bool DataPacketDispatcher::mark(std::int32_t stream_id, std::int32_t session_id,
                                SessionState state) {
    const bool is_request = state == SessionState::init_in_progress;
    if (is_request && in_progress_ == kMaxImagesInProgress) return false;
    const auto found = sessions_.find(key(stream_id, session_id));
    if (found != sessions_.end()) {
        if (found->second.image != nullptr) return false;
        if (found->second.state == SessionState::init_in_progress) --in_progress_;
        found->second.state = state;
    } else {
        if (without_image_ == kMaxSessionsWithoutImage) return false;
        sessions_[key(stream_id, session_id)] = {state, nullptr};
        ++without_image_;
    }
    if (is_request) ++in_progress_;
    return true;
}

void DataPacketDispatcher::clear(std::int32_t stream_id, std::int32_t session_id,
                                 SessionState state) {
    const auto found = sessions_.find(key(stream_id, session_id));
    if (found != sessions_.end() && found->second.state == state) erase(found);
}

bool DataPacketDispatcher::add_image(PublicationImage& image) {
    const std::int32_t stream_id = image.stream_id();
    if (!is_interested(stream_id, image.session_id())) return false;
    const auto found = sessions_.find(key(stream_id, image.session_id()));
    if (found != sessions_.end()) erase(found);
    sessions_[key(stream_id, image.session_id())] = {SessionState::active, &image};
    ++interests_.at(stream_id).image_count;
    return true;
}

void DataPacketDispatcher::remove_image(const PublicationImage& image) {
    const auto found = sessions_.find(key(image.stream_id(), image.session_id()));
    if (found == sessions_.end() || found->second.image != &image) return;
    erase(found);
    if (!image.is_end_of_stream()) {
        // When there is no room to remember it, the session may come back at once.
        static_cast<void>(mark(image.stream_id(), image.session_id(), SessionState::cool_down));
    }
}

std::int32_t DataPacketDispatcher::image_count(std::int32_t stream_id) const {
    const auto found = interests_.find(stream_id);
    return found == interests_.end() ? 0 : found->second.image_count;
}

}  // namespace tern::driver
