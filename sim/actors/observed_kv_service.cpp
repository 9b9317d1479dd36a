#include "sim/actors/observed_kv_service.hpp"

#include <array>
#include <utility>

#include "tern/base/error.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/image.hpp"
#include "tern/node/builtin_services.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::sim {
namespace {

using cluster::ClientSession;
using cluster::Cluster;
using cluster::ClusteredService;
using Kind = ServiceEvent::Kind;

constexpr std::size_t kIdLength = 2 * sizeof(std::int64_t);
constexpr std::int64_t kMaxNumber = 1'000'000;
/// Of the cluster's time: most timers are pending for a while, so that snapshots have some.
constexpr std::int64_t kMaxTimerMs = 4'000;
/// States are told at every so many bytes of the log: to hash them takes time.
constexpr std::int64_t kStateInterval = 512;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    const std::array words{hash, value};
    return platform::sim::hash_of(std::as_bytes(std::span(words)));
}

std::array<std::byte, kIdLength> encode(CommandId id) {
    std::array<std::byte, kIdLength> bytes;
    store(bytes.data(), id.client);
    store(bytes.data() + sizeof(id.client), id.number);
    return bytes;
}

CommandId decode_id(ConstBytes bytes) {
    return {load<std::int64_t>(bytes.data()),
            load<std::int64_t>(bytes.data() + sizeof(std::int64_t))};
}

/// Timers and messages are named after the command that they come from.
std::int64_t number_of(CommandId id) { return id.client * kMaxNumber + id.number; }

bool is_retryable(std::int64_t result) {
    return result == client::kBackPressured || result == client::kAdminAction;
}

/// Puts the command's id in front of kv's answer.
class AnsweredSession final : public ClientSession {
  public:
    AnsweredSession(ClientSession& session, CommandId id) : session_(session), tag_(encode(id)) {}
    [[nodiscard]] std::int64_t id() const override { return session_.id(); }
    [[nodiscard]] std::int32_t response_stream_id() const override {
        return session_.response_stream_id();
    }
    [[nodiscard]] std::string_view response_channel() const override {
        return session_.response_channel();
    }
    [[nodiscard]] ConstBytes encoded_principal() const override {
        return session_.encoded_principal();
    }
    [[nodiscard]] bool is_closing() const override { return session_.is_closing(); }
    std::int64_t offer(ConstBytes message) override {
        const std::array<ConstBytes, 2> parts{tag_, message};
        return session_.offer(parts);
    }
    std::int64_t offer(std::span<const ConstBytes> parts) override {
        std::vector<ConstBytes> all{tag_};
        all.insert(all.end(), parts.begin(), parts.end());
        return session_.offer(all);
    }
    bool close() override { return session_.close(); }

  private:
    ClientSession& session_;
    std::array<std::byte, kIdLength> tag_;
};

class ObservedKvService final : public ClusteredService {
  public:
    ObservedKvService(std::int32_t member, ServiceObserver& observer,
                      std::function<bool()> is_alive)
        : member_(member),
          observer_(observer),
          is_alive_(std::move(is_alive)),
          kv_(node::make_kv_service(state_.kv())) {}

    void on_start(Cluster& cluster, client::Image* snapshot) override {
        cluster_ = &cluster;
        if (snapshot != nullptr) load_events(*snapshot);
        kv_->on_start(cluster, snapshot);
        std::vector<std::int64_t> sessions;
        cluster.for_each_session([&](ClientSession& s) { sessions.push_back(s.id()); });
        if (!is_alive_()) return;
        observer_.restored(member_, cluster.log_position(), state_.hash(), sessions);
    }
    void on_session_open(ClientSession& session, std::int64_t timestamp) override {
        saw({Kind::open, cluster_->log_position(), timestamp, session.id()});
    }
    void on_session_close(ClientSession& session, std::int64_t timestamp,
                          cluster::CloseReason) override {
        saw({Kind::close, cluster_->log_position(), timestamp, session.id()});
    }
    void on_session_message(ClientSession* session, std::int64_t timestamp, ConstBytes message,
                            const client::Header& header) override;
    void on_timer_event(std::int64_t id, std::int64_t timestamp) override {
        saw({Kind::timer, cluster_->log_position(), timestamp, id});
    }
    void on_take_snapshot(client::ExclusivePublication& snapshot) override {
        tell_state();
        std::array<std::byte, sizeof(std::uint64_t)> events;
        store(events.data(), state_.events());
        while (is_retryable(snapshot.offer(ConstBytes(events)))) cluster_->idle();
        kv_->on_take_snapshot(snapshot);
    }
    void on_role_change(cluster::Role) override {}
    void on_terminate(Cluster&) override {}
    void on_new_leadership_term_event(std::int64_t term_id, std::int64_t log_position,
                                      std::int64_t timestamp, std::int64_t, std::int32_t,
                                      std::int32_t, cluster::TimeUnit, std::int32_t) override {
        saw({Kind::term, log_position, timestamp, term_id});
    }

  private:
    void load_events(client::Image& snapshot);
    void saw(const ServiceEvent& event);
    void act(CommandId id, std::uint8_t flags, std::int64_t timestamp);
    void tell_state() {
        if (is_alive_()) observer_.has_state(member_, cluster_->log_position(), state_.hash());
    }
    void is_wrong(std::string what) {
        if (is_alive_()) observer_.is_wrong(member_, std::move(what));
    }

    std::int32_t member_;
    ServiceObserver& observer_;
    std::function<bool()> is_alive_;
    ObservedState state_;
    std::unique_ptr<ClusteredService> kv_;
    Cluster* cluster_ = nullptr;
    std::int64_t told_position_ = 0;
};

void ObservedKvService::load_events(client::Image& snapshot) {
    bool is_loaded = false;
    while (!is_loaded) {
        const int fragments = snapshot.poll(
            [&](ConstBytes message, const client::Header&) {
                if (message.size() != sizeof(std::uint64_t)) throw Error("not of this service");
                state_.set_events(load<std::uint64_t>(message.data()));
                is_loaded = true;
            },
            1);
        if (fragments == 0 && snapshot.is_closed()) throw Error("the snapshot ended early");
        cluster_->idle(fragments);
    }
}

void ObservedKvService::saw(const ServiceEvent& event) {
    state_.saw(event);
    if (is_alive_()) observer_.applied(member_, event);
}

void ObservedKvService::on_session_message(ClientSession* session, std::int64_t timestamp,
                                           ConstBytes message, const client::Header& header) {
    const std::int64_t position = cluster_->log_position();
    if (message.size() == kIdLength && session == nullptr) {
        saw({Kind::message, position, timestamp, number_of(decode_id(message))});
        return;
    }
    const auto command = decode_command(message);
    if (!command || session == nullptr) {
        is_wrong(session == nullptr ? "a command of no session" : "a command that is too short");
        return;
    }
    saw({Kind::command, position, timestamp, session->id(), as_text(message)});
    AnsweredSession answered(*session, command->id);
    act(command->id, command->flags, timestamp);
    kv_->on_session_message(&answered, timestamp, command->kv, header);
    if (position / kStateInterval == told_position_ / kStateInterval) return;
    told_position_ = position;
    tell_state();
}

void ObservedKvService::act(CommandId id, std::uint8_t flags, std::int64_t timestamp) {
    const std::int64_t number = number_of(id);
    if ((flags & kSchedulesTimer) != 0) {
        if (is_alive_()) observer_.expects_timer(number);
        const std::int64_t delay_ms = static_cast<std::int64_t>(
            mix(0, static_cast<std::uint64_t>(number)) % std::uint64_t{kMaxTimerMs});
        while (!cluster_->schedule_timer(number, timestamp + delay_ms)) cluster_->idle();
    }
    if ((flags & kOffersMessage) != 0) {
        if (is_alive_()) observer_.expects_message(number);
        const auto message = encode(id);
        while (is_retryable(cluster_->offer(ConstBytes(message)))) cluster_->idle();
    }
}

}  // namespace

std::shared_ptr<ClusteredService> make_observed_kv_service(std::int32_t member,
                                                           ServiceObserver& observer,
                                                           std::function<bool()> is_alive) {
    return std::make_shared<ObservedKvService>(member, observer, std::move(is_alive));
}

std::vector<std::byte> encode(const ObservedCommand& command) {
    const auto id = encode(command.id);
    std::vector<std::byte> bytes(id.begin(), id.end());
    bytes.push_back(std::byte{command.flags});
    bytes.insert(bytes.end(), command.kv.begin(), command.kv.end());
    return bytes;
}

std::optional<ObservedCommand> decode_command(ConstBytes bytes) {
    if (bytes.size() <= kIdLength) return std::nullopt;
    return ObservedCommand{decode_id(bytes), static_cast<std::uint8_t>(bytes[kIdLength]),
                           bytes.subspan(kIdLength + 1)};
}

std::optional<ObservedAnswer> decode_answer(ConstBytes bytes) {
    if (bytes.size() <= kIdLength) return std::nullopt;
    return ObservedAnswer{decode_id(bytes), bytes.subspan(kIdLength)};
}

void ObservedState::saw(const ServiceEvent& event) {
    events_ = mix(events_, static_cast<std::uint64_t>(event.kind));
    events_ = mix(events_, static_cast<std::uint64_t>(event.log_position));
    events_ = mix(events_, static_cast<std::uint64_t>(event.timestamp));
    events_ = mix(events_, static_cast<std::uint64_t>(event.id));
    events_ = mix(events_, platform::sim::hash_of(event.payload));
}

void ObservedState::apply(const ServiceEvent& event) {
    saw(event);
    if (event.kind != Kind::command) return;
    if (const auto command = decode_command(as_bytes(event.payload))) kv_->apply(command->kv);
}

std::uint64_t ObservedState::hash() const {
    std::uint64_t hash = events_;
    kv_->save([&](ConstBytes chunk) { hash = mix(hash, platform::sim::hash_of(chunk)); });
    return hash;
}

}  // namespace tern::sim
