// Joining and reading the log (CST-4).

#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tern/cluster/service/service_container_impl.hpp"
#include "tern/wire/channel_uri.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::cluster {

namespace message = wire::cluster;

namespace {

template <typename Message>
Message decode_or_throw(ConstBytes bytes) {
    const auto decoded = wire::decode<Message>(bytes);
    if (!decoded) {
        throw Error(fmt::format("malformed log message: {}", to_string(decoded.error())));
    }
    return *decoded;
}

}  // namespace

void ServiceContainer::Impl::begin_join() {
    joining_ = std::move(*requests_.join);
    requests_.join.reset();
    if (joining_.role != Role::leader) close_responses();
    snapshot_flag_mask_ = joining_.is_standby ? kActionFlagsStandbySnapshot : kActionFlagsDefault;
    auto channel = wire::ChannelUri::parse(joining_.log_channel);
    channel.put(wire::uri_key::kAlias, fmt::format("log-sc-{}", context_.service_id));
    log_subscription_id_ =
        aeron_->async_add_subscription(channel.to_string(), joining_.log_stream_id);
    join_step_ = JoinStep::add_subscription;
}

int ServiceContainer::Impl::do_join() {
    switch (join_step_) {
        case JoinStep::none:
            return 0;
        case JoinStep::add_subscription:
            try {
                log_subscription_ = aeron_->find_subscription(log_subscription_id_);
            } catch (const Error&) {
                join_step_ = JoinStep::none;
                log_subscription_id_ = kNullValue;
                throw;
            }
            if (!log_subscription_) return 0;
            log_subscription_id_ = kNullValue;
            join_step_ = JoinStep::await_image;
            return 1;
        case JoinStep::await_image:
            log_image_ = log_subscription_->image_by_session_id(joining_.log_session_id);
            if (!log_image_) return 0;
            attach_image();
            return 1;
        case JoinStep::acknowledge:  // do_active() sent the ack
            member_id_ = joining_.member_id;
            mark_file_->set_member_id(member_id_);
            if (joining_.role == Role::leader) {
                for (auto& [id, session] : sessions_) {
                    if (context_.is_responding_service && !joining_.is_startup) {
                        session->begin_connect(*aeron_);
                    }
                    session->clear_closing();
                }
            }
            join_step_ = JoinStep::open_responses;
            return 1;
        case JoinStep::open_responses:
            if (!are_responses_open()) return 0;
            join_step_ = JoinStep::none;
            set_role(joining_.role);
            return 1;
    }
    return 0;
}

void ServiceContainer::Impl::attach_image() {
    const std::int64_t join_position = log_image_->join_position();
    if (join_position != log_position_ || joining_.log_position != log_position_) {
        const std::string text = fmt::format(
            "Cluster log must be contiguous for joining image: expectedPosition={} "
            "joinPosition={} eventPosition={}",
            log_position_, join_position, joining_.log_position);
        log_image_.reset();
        log_subscription_.reset();
        join_step_ = JoinStep::none;
        throw Error(text);
    }
    max_log_position_ = joining_.max_log_position;
    module_->queue_ack(joining_.log_position, cluster_time_, kNullValue);
    join_step_ = JoinStep::acknowledge;
}

bool ServiceContainer::Impl::are_responses_open() {
    bool all = true;
    for (auto& [id, session] : sessions_) all = session->is_connect_complete(*aeron_) && all;
    return all;
}

void ServiceContainer::Impl::set_role(Role role) {
    if (std::exchange(role_, role) == role) return;
    within(Callback::role_change, [&] { context_.service->on_role_change(role); });
}

int ServiceContainer::Impl::poll_log() {
    if (opening_ && !opening_->is_connect_complete(*aeron_)) return aeron_->do_work();
    const std::int64_t limit = planted(Fault::service_reads_past_commit)
                                   ? INT64_MAX
                                   : aeron_->counters_reader().value(commit_position_id_);
    const int fragments =
        log_image_->bounded_controlled_poll(log_assembler_, limit, context_.log_fragment_limit);
    if (fragments == 0 && (log_image_->position() >= max_log_position_ ||
                           log_image_->is_end_of_stream() || log_image_->is_closed())) {
        leave_log();
        return 1;
    }
    return fragments;
}

void ServiceContainer::Impl::leave_log() {
    log_position_ = std::max(log_image_->position(), log_position_);
    log_image_.reset();
    log_subscription_.reset();
    close_responses();
    opening_.reset();
    set_role(Role::follower);
}

void ServiceContainer::Impl::close_responses() noexcept {
    for (auto& [id, session] : sessions_) session->disconnect(*aeron_);
    if (opening_) opening_->disconnect(*aeron_);
}

client::ControlledAction ServiceContainer::Impl::on_log_message(ConstBytes bytes,
                                                                const client::Header& header) {
    const auto sbe_header = wire::MessageHeader::read(bytes);
    if (!sbe_header || sbe_header->schema_id != message::kSchema.id) {
        throw Error(fmt::format("expected schemaId={}, actual={}", message::kSchema.id,
                                sbe_header ? sbe_header->schema_id : 0));
    }
    switch (sbe_header->template_id) {
        case message::SessionMessageHeader::kId:
            on_session_message(bytes, header);
            break;
        case message::TimerEvent::kId:
            on_timer(bytes, header.position());
            break;
        case message::SessionOpenEvent::kId:
            return on_session_open(bytes, header.position());
        case message::SessionCloseEvent::kId:
            on_session_close(bytes, header.position());
            break;
        case message::ClusterActionRequest::kId:
            return on_action(bytes);
        case message::NewLeadershipTermEvent::kId:
            on_new_term(bytes);
            break;
        default:
            break;
    }
    return client::ControlledAction::continue_;
}

void ServiceContainer::Impl::on_session_message(ConstBytes bytes, const client::Header& header) {
    const auto message_header = decode_or_throw<message::SessionMessageHeader>(bytes);
    log_position_ = header.position();
    cluster_time_ = message_header.timestamp;
    const auto session = sessions_.find(message_header.cluster_session_id);
    context_.service->on_session_message(
        session == sessions_.end() ? nullptr : session->second.get(), cluster_time_,
        bytes.subspan(wire::kBlockEnd<message::SessionMessageHeader>), header);
}

client::ControlledAction ServiceContainer::Impl::on_session_open(ConstBytes bytes,
                                                                 std::int64_t position) {
    const auto open = decode_or_throw<message::SessionOpenEvent>(bytes);
    const bool is_responding = role_ == Role::leader && context_.is_responding_service;
    if (!opening_ || opening_->id() != open.cluster_session_id) {
        opening_ = std::make_unique<ContainerSession>(
            *this, open.cluster_session_id, open.response_stream_id, open.response_channel,
            open.encoded_principal);
        if (is_responding) {
            // The message is met again when the publication is there: nothing waits here.
            opening_->begin_connect(*aeron_);
            return client::ControlledAction::abort;
        }
    }
    log_position_ = position;
    cluster_time_ = open.timestamp;
    const auto [entry, is_new] =
        sessions_.try_emplace(open.cluster_session_id, std::move(opening_));
    if (!is_new) {
        opening_.reset();
        throw Error(
            fmt::format("clashing open clusterSessionId={} leadershipTermId={} logPosition={}",
                        open.cluster_session_id, open.leadership_term_id, position));
    }
    context_.service->on_session_open(*entry->second, cluster_time_);
    return client::ControlledAction::continue_;
}

void ServiceContainer::Impl::on_session_close(ConstBytes bytes, std::int64_t position) {
    const auto close = decode_or_throw<message::SessionCloseEvent>(bytes);
    log_position_ = position;
    cluster_time_ = close.timestamp;
    auto session = sessions_.extract(close.cluster_session_id);
    if (session.empty()) {
        throw Error(fmt::format("unknown session close: clusterSessionId={} closeReason={} "
                                "leadershipTermId={} logPosition={}",
                                close.cluster_session_id, to_string(close.close_reason),
                                close.leadership_term_id, position),
                    kGenericError, Severity::warn);
    }
    session.mapped()->disconnect(*aeron_);
    context_.service->on_session_close(*session.mapped(), cluster_time_,
                                       static_cast<CloseReason>(close.close_reason));
}

void ServiceContainer::Impl::on_timer(ConstBytes bytes, std::int64_t position) {
    const auto timer = decode_or_throw<message::TimerEvent>(bytes);
    log_position_ = position;
    cluster_time_ = timer.timestamp;
    context_.service->on_timer_event(timer.correlation_id, cluster_time_);
}

client::ControlledAction ServiceContainer::Impl::on_action(ConstBytes bytes) {
    const auto action = decode_or_throw<message::ClusterActionRequest>(bytes);
    log_position_ = action.log_position;
    cluster_time_ = action.timestamp;
    const bool is_for_us =
        action.flags == kActionFlagsDefault || (action.flags & snapshot_flag_mask_) != 0;
    if (action.action != message::ClusterAction::snapshot || !is_for_us) {
        return client::ControlledAction::continue_;
    }
    snapshot_started_ns_ = platform_.clock.nano_time();
    taker_ = std::make_unique<ServiceSnapshotTaker>(
        SnapshotEnvironment{context_, *aeron_, platform_,
                            [this](const std::exception& error) { report(error); }},
        ServiceSnapshotTaker::Spec{
            .log_position = action.log_position,
            .leadership_term_id = action.leadership_term_id,
            .time_unit = time_unit_,
            .sessions = sessions_,
            .write_state = [this](client::ExclusivePublication& publication) {
                context_.service->on_take_snapshot(publication);
            }});
    state_ = State::take_snapshot;
    return client::ControlledAction::break_;
}

void ServiceContainer::Impl::on_new_term(ConstBytes bytes) {
    const auto term = decode_or_throw<message::NewLeadershipTermEvent>(bytes);
    if (version_major(term.app_version) != version_major(context_.app_version)) {
        throw AgentTermination(
            fmt::format("incompatible version: {} log={}", context_.app_version, term.app_version),
            false);
    }
    log_position_ = term.log_position;
    cluster_time_ = term.timestamp;
    leadership_term_id_ = term.leadership_term_id;
    if (term.time_unit != message::ClusterTimeUnit::null) {
        time_unit_ = static_cast<TimeUnit>(term.time_unit);
    }
    context_.service->on_new_leadership_term_event(
        term.leadership_term_id, term.log_position, term.timestamp, term.term_base_log_position,
        term.leader_member_id, term.log_session_id, time_unit_, term.app_version);
}

}  // namespace tern::cluster
