#pragma once
// Has the services of this node join a log, and waits for all of them to say so (CON-7.2, CON-7.4).
// A state machine: send JoinLog until the control stream takes it, then await the acks. There is no
// time limit: the module ends when a service's client is lost.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <string>
#include <utility>

#include "tern/cluster/consensus/service_acks.hpp"
#include "tern/cluster/consensus/service_proxy.hpp"

namespace tern::cluster {

class ServiceJoin {
  public:
    ServiceJoin(ServiceProxy& services, ServiceAcks& acks) : services_(services), acks_(acks) {}

    /// `message.log_channel` is taken from `channel`.
    void begin(wire::cluster::JoinLog message, std::string channel) {
        message_ = message;
        channel_ = std::move(channel);
        is_sent_ = false;
    }
    /// True once all have joined; the acks are taken.
    [[nodiscard]] bool poll() {
        if (!is_sent_) {
            message_.log_channel = channel_;
            is_sent_ = services_.join_log(message_);
            if (!is_sent_) return false;
        }
        if (!acks_.is_reached(message_.log_position)) return false;
        (void)acks_.take();
        return true;
    }

  private:
    ServiceProxy& services_;
    ServiceAcks& acks_;
    wire::cluster::JoinLog message_;
    std::string channel_;
    bool is_sent_ = false;
};

}  // namespace tern::cluster
