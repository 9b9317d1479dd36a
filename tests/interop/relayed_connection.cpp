#include "relayed_connection.hpp"

namespace tern::interop {

using support::LossyRelay;

RelayedConnection::RelayedConnection(Drivers drivers, support::RelayFaults faults,
                                     const std::string& subscription_options,
                                     LossyRelay::Observer observer)
    : publishing_(world_.end(Kind::tern, Role::publishing, drivers.publishing, Role::publishing)),
      subscribing_(
          world_.end(Kind::tern, Role::subscribing, drivers.subscribing, Role::subscribing)),
      target_(support::free_endpoint(world_.platform())) {
    const auto observe = [this, observer](const LossyRelay::Passing& passing) {
        meter_.observe(passing);
        if (observer) observer(passing);
    };
    relay_ = std::make_unique<LossyRelay>(world_.platform(), target_, faults,
                                          static_cast<std::uint64_t>(stream_id_), observe);
    subscribing_.peer->add_subscription("subscription", subscribing_.client,
                                        "aeron:udp?endpoint=" + target_ + subscription_options,
                                        stream_id_);
    session_id_ = publishing_.peer->add_publication(
        "publication", publishing_.client, "aeron:udp?endpoint=" + relay_->endpoint(), stream_id_);
    publishing_.peer->await_connected("publication");
}

RelayedConnection::~RelayedConnection() = default;

void RelayedConnection::offer(const CheckedMessages& messages, std::int64_t from, std::int64_t to) {
    publishing_.peer->offer("publication", messages, from, to);
    publishing_.peer->await_sent("publication");
}

StreamSummary RelayedConnection::receive(std::int64_t to) {
    return subscribing_.peer->receive("subscription", session_id_, to);
}

const RecoveryMeter& RelayedConnection::end() {
    relay_.reset();
    return meter_;
}

}  // namespace tern::interop
