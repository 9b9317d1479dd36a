#pragma once
// Applies the messages of the log to the module when it does not write them itself: in a replay,
// and on a follower (CON-7.8). The reassembly of fragments belongs to the reader, not to an image,
// so that a message begun in a replay may be finished in the live log.
//
// Polling stops after a cluster action, so that nothing past a snapshot point is consumed.
// Malformed messages and incompatible ones throw Error, fatal where the member cannot go on.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <functional>

#include "tern/client/fragment_assembler.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/wire/cluster_log_messages.hpp"

namespace tern::cluster {

class LogReader {
  public:
    using OnNewTerm = std::function<void(const wire::cluster::NewLeadershipTermEvent&)>;

    /// `on_new_term` is told of each term met in the log.
    LogReader(ModuleCore& core, OnNewTerm on_new_term);
    LogReader(const LogReader&) = delete;
    LogReader& operator=(const LogReader&) = delete;

    /// Reads up to ctx.log_fragment_limit fragments that begin below `limit_position`.
    int poll(client::Image& image, std::int64_t limit_position);

  private:
    [[nodiscard]] client::ControlledAction on_message(ConstBytes message,
                                                      std::int64_t log_position);
    void on_session_message(ConstBytes message);
    void on_timer(ConstBytes message);
    void on_session_open(ConstBytes message, std::int64_t log_position);
    void on_session_close(ConstBytes message);
    void on_cluster_action(ConstBytes message);
    void on_new_leadership_term(ConstBytes message);

    ModuleCore& core_;
    OnNewTerm on_new_term_;
    client::ImageControlledFragmentAssembler<> assembler_;
};

}  // namespace tern::cluster
