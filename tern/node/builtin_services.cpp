#include "tern/node/builtin_services.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tern/base/error.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/fragment_assembler.hpp"
#include "tern/client/image.hpp"
#include "tern/node/kv_state.hpp"

namespace tern::node {
namespace {

using cluster::ClientSession;
using cluster::Cluster;
using cluster::ClusteredService;

/// What the three have in common: answering, and snapshots as a sequence of messages.
class BuiltinService : public ClusteredService {
  public:
    void on_start(Cluster& cluster, client::Image* snapshot) override {
        cluster_ = &cluster;
        if (snapshot == nullptr) return;
        bool complete = false;
        client::ImageFragmentAssembler<> assembler(
            [&](ConstBytes message, const client::Header&) { complete = restore(message); });
        while (!complete) {
            const int fragments = snapshot->poll(assembler, 1);
            if (fragments == 0 && snapshot->is_closed()) {
                throw Error("the snapshot ended before the state was complete");
            }
            cluster.idle(fragments);
        }
    }
    void on_session_open(ClientSession&, std::int64_t) override {}
    void on_session_close(ClientSession&, std::int64_t, cluster::CloseReason) override {}
    void on_timer_event(std::int64_t, std::int64_t) override {}
    void on_role_change(cluster::Role) override {}
    void on_terminate(Cluster&) override {}

  protected:
    /// Takes one snapshot message; true when the state is complete.
    virtual bool restore(ConstBytes message) = 0;

    /// Sends to the session until it is accepted or the client is lost.
    void answer(ClientSession* session, ConstBytes message) {
        if (session == nullptr) return;
        while (is_retryable(session->offer(message))) cluster_->idle();
    }
    void save(client::ExclusivePublication& snapshot, ConstBytes message) {
        std::int64_t result = 0;
        while (is_retryable(result = snapshot.offer(message))) cluster_->idle();
        if (result < 0) {
            throw Error(fmt::format("snapshot not written: {}", client::offer_result_name(result)));
        }
    }
    void save_number(client::ExclusivePublication& snapshot, std::int64_t number) {
        std::array<std::byte, sizeof(number)> bytes;
        store(bytes.data(), number);
        save(snapshot, bytes);
    }
    static std::int64_t restore_number(ConstBytes message) {
        if (message.size() != sizeof(std::int64_t)) throw Error("snapshot of an unexpected form");
        return load<std::int64_t>(message.data());
    }

  private:
    static bool is_retryable(std::int64_t result) {
        return result == client::kBackPressured || result == client::kAdminAction;
    }
    Cluster* cluster_ = nullptr;
};

class EchoService final : public BuiltinService {
  public:
    void on_session_message(ClientSession* session, std::int64_t, ConstBytes message,
                            const client::Header&) override {
        ++count_;
        answer(session, message);
    }
    void on_take_snapshot(client::ExclusivePublication& snapshot) override {
        save_number(snapshot, count_);
    }

  private:
    bool restore(ConstBytes message) override {
        count_ = restore_number(message);
        return true;
    }
    std::int64_t count_ = 0;
};

class CounterService final : public BuiltinService {
  public:
    void on_session_message(ClientSession* session, std::int64_t, ConstBytes message,
                            const client::Header&) override {
        if (message.size() < sizeof(total_)) return;
        // Modulo 2^64, so that every member agrees on an overflow.
        total_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(total_) +
                                           load<std::uint64_t>(message.data()));
        std::array<std::byte, sizeof(total_)> total;
        store(total.data(), total_);
        answer(session, total);
    }
    void on_take_snapshot(client::ExclusivePublication& snapshot) override {
        save_number(snapshot, total_);
    }

  private:
    bool restore(ConstBytes message) override {
        total_ = restore_number(message);
        return true;
    }
    std::int64_t total_ = 0;
};

class KvService final : public BuiltinService {
  public:
    explicit KvService(std::shared_ptr<KvState> state) : state_(std::move(state)) {}
    void on_session_message(ClientSession* session, std::int64_t, ConstBytes message,
                            const client::Header&) override {
        answer(session, state_->apply(message));
    }
    void on_take_snapshot(client::ExclusivePublication& snapshot) override {
        state_->save([&](ConstBytes chunk) { save(snapshot, chunk); });
    }

  private:
    bool restore(ConstBytes message) override { return state_->load(message); }
    std::shared_ptr<KvState> state_;
};

}  // namespace

std::unique_ptr<ClusteredService> make_kv_service(std::shared_ptr<KvState> state) {
    return std::make_unique<KvService>(std::move(state));
}

std::unique_ptr<ClusteredService> make_builtin_service(std::string_view name) {
    if (name == "none") return nullptr;
    if (name == "echo") return std::make_unique<EchoService>();
    if (name == "counter") return std::make_unique<CounterService>();
    if (name == "kv") return make_kv_service(std::make_shared<KvState>());
    throw ConfigurationError(
        fmt::format("unknown service '{}': expected none, echo, counter or kv", name));
}

}  // namespace tern::node
