#pragma once
// What services and tools tell the module on the control stream (CON-11): acks, timers, messages
// for the log, closes of sessions, and the members query. Polled in every state, also during
// elections; polling stops after each ack, so that its consequences come before what follows it.
//
// What is malformed, or comes from a service that is not configured, is reported and dropped.
//
// Thread safety: the module's thread.

#include "tern/client/fragment_assembler.hpp"
#include "tern/cluster/consensus/module_core.hpp"

namespace tern::cluster {

class ServiceMessages {
  public:
    static constexpr int kFragmentLimit = 25;

    explicit ServiceMessages(ModuleCore& core);
    ServiceMessages(const ServiceMessages&) = delete;
    ServiceMessages& operator=(const ServiceMessages&) = delete;

    int poll(client::Subscription& control);

  private:
    [[nodiscard]] client::ControlledAction on_message(ConstBytes message);
    void on_service_message(ConstBytes message);
    void on_schedule_timer(std::int64_t correlation_id, std::int64_t deadline);
    void on_close_session(std::int64_t session_id);
    void on_members_query(std::int64_t correlation_id, bool is_extended);
    void report_malformed(std::uint16_t template_id);

    ModuleCore& core_;
    client::ControlledFragmentAssembler<> assembler_;
};

}  // namespace tern::cluster
