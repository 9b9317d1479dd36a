#include "sim/scenarios/cluster.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "sim/actors/driver_actor.hpp"
#include "sim/actors/kv_client_actor.hpp"
#include "sim/actors/node_actor.hpp"
#include "sim/harness/nemesis.hpp"
#include "sim/harness/node_operator.hpp"
#include "sim/scenarios/cluster_checks.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::sim {
namespace {

using cluster::ControlToggle;
using virtual_world::Host;

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kStepNs = 100'000;
constexpr std::uint32_t kStrikePpm = 200'000;
constexpr std::uint32_t kLostClientPpm = 400'000;
constexpr std::int32_t kMember = 0;
constexpr std::int64_t kSegmentLength = 128 * 1024;
constexpr const char* kClientDirectory = "/dev/shm/aeron-client";
constexpr FaultSet kOfProcesses{FaultKind::kill, FaultKind::close, FaultKind::pause};

// Bounds of the end, in virtual time.
constexpr std::int64_t kServedWithinNs = 60 * kSecondNs;
constexpr std::int64_t kEndsWithinNs = 40 * kSecondNs;
constexpr std::int64_t kTidyWithinNs = 40 * kSecondNs;

std::string ip_of(const Host& host) {
    const std::string address = host.address().with_port(0).to_string();
    return address.substr(0, address.rfind(':'));
}

NodeLayout layout_of(const Host& host) {
    const std::string ip = ip_of(host);
    return {.directory = "/tern",
            .aeron_directory = "/dev/shm/aeron-tern",
            .host = ip,
            .ingress_endpoint = ip + ":9002"};
}

/// Everything but its own log's rot.
constexpr FaultSet kPossible =
    FaultSet::all().without({FaultKind::bit_rot, FaultKind::older_files});

class ClusterScenario {
  public:
    explicit ClusterScenario(Run& run) : run_(run), world_(run.make_world(kPossible)) {}
    void play();

  private:
    struct ClientHost {
        Host* host;
        std::unique_ptr<DriverActor> driver;
        std::vector<std::unique_ptr<KvClientActor>> clients;
    };

    void add_node();
    void add_client_host(int index);
    [[nodiscard]] NodeSettings draw_settings();
    void register_victims();

    // The operator.
    void operate();
    [[nodiscard]] bool is_attached();
    [[nodiscard]] bool is_suspended() const;
    void request(ControlToggle toggle);
    void strike_after_snapshot();

    // The end.
    void resume();
    void serve_again(std::string_view when);
    void be_quiet();
    void lose_some_clients();
    void end_clients();
    void start_all();
    void settle();
    void restart_node();
    void shut_down();
    void check_log();
    [[nodiscard]] static bool is_tidy(Host& host, const std::string& aeron_directory);
    void for_each_client(const std::function<void(KvClientActor&)>& action);

    Run& run_;
    virtual_world::World& world_;
    ClusterChecks checks_{run_};
    Nemesis nemesis_{run_};
    Host* node_host_ = nullptr;
    std::unique_ptr<NodeActor> node_;
    std::vector<ClientHost> client_hosts_;

    virtual_world::Process* operator_process_ = nullptr;
    std::unique_ptr<NodeOperator> operator_;
    int attached_life_ = 0;
    std::int64_t session_timeout_ns_ = 0;
    std::int64_t snapshots_ = 0;  // of the node's present life
    std::int64_t next_request_ns_ = 0;
};

NodeSettings ClusterScenario::draw_settings() {
    auto& prng = run_.prng();
    const bool may_crash = run_.faults().on.has(FaultKind::host_crash);
    const std::int64_t sync_level = prng.between({may_crash ? 1 : 0, 2});
    const std::int64_t catalog_level = prng.between({sync_level, 2});
    // Without checksums nothing tells a torn sector in what was not acknowledged.
    const bool is_checked = may_crash && prng.chance(500'000);
    if (!is_checked) node_host_->disk().options().crash.tear_page_ppm = 0;
    const std::int64_t session_timeout_s = prng.between({2, 10});
    const std::int64_t image_timeout_s = prng.between({3, 10});
    session_timeout_ns_ = session_timeout_s * kSecondNs;
    run_.note_option(fmt::format(
        "sync levels {} and {}, {}session timeout {} s, image timeout {} s", sync_level,
        catalog_level, is_checked ? "checksums, " : "", session_timeout_s, image_timeout_s));
    return {{"aeron.archive.file.sync.level", fmt::format("{}", sync_level)},
            {"aeron.archive.catalog.file.sync.level", fmt::format("{}", catalog_level)},
            {"aeron.archive.record.checksum", is_checked ? "CRC-32C" : ""},
            {"aeron.cluster.session.timeout", fmt::format("{}s", session_timeout_s)},
            {"aeron.image.liveness.timeout", fmt::format("{}s", image_timeout_s)},
            {"aeron.cluster.snapshot.channel", "aeron:ipc?alias=snapshot|term-length=1m"},
            {"aeron.dir.delete.on.shutdown", "true"}};
}

void ClusterScenario::add_node() {
    node_host_ = &world_.add_host("node");
    const auto& on = run_.faults().on;
    NodeActorOptions options;
    options.layout = layout_of(*node_host_);
    options.settings = draw_settings();
    options.make_service = [this](const virtual_world::Process& process) {
        return make_observed_kv_service(kMember, checks_,
                                        [&process] { return process.is_alive(); });
    };
    options.on_led = [this](std::int64_t term_id) {
        run_.tell(fmt::format("member {} leads term {}", kMember, term_id));
        checks_.leads({kMember, node_->lives()}, term_id);
    };
    // The liveness of Aeron clients is told in wall clock time.
    options.may_fail = on.has(FaultKind::disk_errors) || on.has(FaultKind::full_disk) ||
                       on.has(FaultKind::clock_jump);
    node_ = std::make_unique<NodeActor>(run_, *node_host_, std::move(options));
}

void ClusterScenario::add_client_host(int index) {
    auto& prng = run_.prng();
    Host& host = world_.add_host(fmt::format("client-{}", index));
    ClientHost& added = client_hosts_.emplace_back();
    added.host = &host;
    added.driver = std::make_unique<DriverActor>(
        run_, host, make_driver_context(kClientDirectory, driver::ThreadingMode::shared));
    const std::int64_t clients = prng.between({1, 2});
    for (std::int64_t i = 0; i < clients; ++i) {
        KvClientOptions options{.aeron_directory = kClientDirectory,
                                .ingress_endpoints = "0=" + node_->layout().ingress_endpoint,
                                .egress_channel = "aeron:udp?endpoint=" + ip_of(host) + ":0"};
        options.new_leader_timeout_ns = prng.between({1 * kSecondNs, 10 * kSecondNs});
        options.max_unanswered = static_cast<std::size_t>(prng.between({1, 12}));
        options.max_pause_ns = prng.between({1'000'000, 100'000'000});
        options.keys = static_cast<int>(prng.between({2, 24}));
        options.max_value_length = std::int64_t{8} << prng.between({0, 8});
        added.clients.push_back(std::make_unique<KvClientActor>(run_, host, options, checks_));
    }
}

void ClusterScenario::register_victims() {
    nemesis_.add_host(*node_host_, true);
    nemesis_.add_actor(*node_, kOfProcesses, [this] { check_log(); });
    for (auto& [host, driver, clients] : client_hosts_) {
        nemesis_.add_host(*host, true);
        nemesis_.add_actor(*driver, kOfProcesses);
        for (auto& client : clients) nemesis_.add_actor(*client, kOfProcesses);
    }
}

void ClusterScenario::for_each_client(const std::function<void(KvClientActor&)>& action) {
    for (auto& host : client_hosts_) {
        for (auto& client : host.clients) action(*client);
    }
}

void ClusterScenario::play() {
    add_node();
    const std::int64_t hosts = run_.prng().between({2, 3});
    for (int i = 0; i < hosts; ++i) add_client_host(i);
    register_victims();
    start_all();
    while (run_.now_ns() < run_.duration_ns()) {
        nemesis_.step();
        operate();
        strike_after_snapshot();
        run_.pass(kStepNs);
    }
    nemesis_.stop();
    next_request_ns_ = 0;
    serve_again("after the faults");
    node_->set_may_fail(false);
    end_clients();
    restart_node();
    serve_again("after a restart");
    be_quiet();
    lose_some_clients();
    end_clients();
    settle();
    shut_down();
    node_->start();
    run_.await("the last start", kServedWithinNs, [&] { return node_->is_serving(); });
    run_.await("all of the log", kEndsWithinNs, [&] {
        return node_->node()->container()->status().log_position >=
               checks_.history().end_position();
    });
    restart_node();
    checks_.finish(kMember);
}

// The operator --------------------------------------------------------------------------------

bool ClusterScenario::is_attached() {
    if (operator_process_ == nullptr || !operator_process_->is_alive()) {
        operator_process_ = &node_host_->start("operator");
        operator_ = std::make_unique<NodeOperator>(operator_process_->platform(), node_->layout());
        attached_life_ = 0;
    }
    if (node_->node() == nullptr) return false;
    if (attached_life_ != node_->lives() && operator_->attach()) attached_life_ = node_->lives();
    return attached_life_ == node_->lives();
}

void ClusterScenario::operate() {
    if (run_.now_ns() < next_request_ns_) return;
    auto& prng = run_.prng();
    next_request_ns_ = run_.now_ns() + prng.between({100'000'000, 6 * kSecondNs});
    if (!is_attached()) return;
    if (is_suspended()) return request(ControlToggle::resume);
    constexpr std::array kRequests{ControlToggle::snapshot, ControlToggle::snapshot,
                                   ControlToggle::snapshot, ControlToggle::suspend,
                                   ControlToggle::shutdown, ControlToggle::abort};
    request(kRequests[static_cast<std::size_t>(
        prng.between({0, static_cast<std::int64_t>(kRequests.size()) - 1}))]);
}

bool ClusterScenario::is_suspended() const {
    return operator_->counter(memory::counter_type::kConsensusModuleState) ==
           static_cast<std::int64_t>(cluster::ModuleState::suspended);
}

void ClusterScenario::request(ControlToggle toggle) {
    const bool is_taken = operator_->request(toggle);
    run_.tell(fmt::format("operator: request {}{}", static_cast<int>(toggle),
                          is_taken ? "" : " is not taken"));
}

/// What counts as a snapshot is there to stay, from that moment on.
void ClusterScenario::strike_after_snapshot() {
    node::ClusteredNode* const node = node_->node();
    if (node == nullptr || node->module() == nullptr) return;
    const std::int64_t snapshots = node->module()->status().snapshot_count;
    const bool is_new = snapshots > std::exchange(snapshots_, snapshots);
    if (!is_new || !run_.prng().chance(kStrikePpm)) return;
    const auto& on = run_.faults().on;
    if (on.has(FaultKind::host_crash)) {
        run_.tell("node: the power fails after a snapshot");
        node_host_->crash();
    } else if (on.has(FaultKind::kill)) {
        node_->kill();
    }
}

// The end -------------------------------------------------------------------------------------

/// Those who are not running; some may have been asked to end just before the faults did.
void ClusterScenario::start_all() {
    const auto start = [](Actor& actor) {
        if (!actor.is_running()) actor.start();
    };
    start(*node_);
    for (auto& host : client_hosts_) {
        start(*host.driver);
        for (auto& client : host.clients) start(*client);
    }
}

/// A node that the operator has suspended serves nobody, also after a restart.
void ClusterScenario::resume() {
    if (run_.now_ns() < next_request_ns_ || !is_attached() || !is_suspended()) return;
    next_request_ns_ = run_.now_ns() + kSecondNs;
    request(ControlToggle::resume);
}

void ClusterScenario::serve_again(std::string_view when) {
    std::vector<std::int64_t> answered;
    for_each_client([&](KvClientActor& client) { answered.push_back(client.answered()); });
    const auto are_served = [&] {
        std::size_t served = 0;
        std::size_t i = 0;
        for_each_client([&](KvClientActor& client) {
            if (client.answered() > answered[i++]) ++served;
        });
        return served == answered.size();
    };
    run_.await(fmt::format("all clients to be served {}", when), kServedWithinNs, [&] {
        start_all();
        resume();
        return are_served();
    });
}

/// Keep-alives keep sessions alive.
void ClusterScenario::be_quiet() {
    std::vector<std::int64_t> lost;
    for_each_client([&](KvClientActor& client) {
        lost.push_back(client.lost_sessions());
        client.set_quiet(true);
    });
    run_.pass(session_timeout_ns_ + 3 * kSecondNs);
    std::size_t i = 0;
    for_each_client([&](KvClientActor& client) {
        if (client.lost_sessions() > lost[i++]) run_.violation("an idle client lost its session");
        client.set_quiet(false);
    });
}

/// Their sessions time out.
void ClusterScenario::lose_some_clients() {
    for_each_client([&](KvClientActor& client) {
        if (run_.prng().chance(kLostClientPpm)) client.kill();
    });
}

void ClusterScenario::end_clients() {
    for_each_client([](KvClientActor& client) { client.ask_to_end(); });
    run_.await("the clients' ends", kEndsWithinNs, [&] {
        bool have_ended = true;
        for_each_client([&](KvClientActor& client) { have_ended &= !client.is_running(); });
        return have_ended;
    });
}

/// Sessions of those who went without a word time out, timers fire, messages come.
void ClusterScenario::settle() {
    const auto& history = checks_.history();
    run_.await("all timers and messages of the service", kEndsWithinNs,
               [&] { return history.pending() == 0; });
    run_.await("all sessions to end", kEndsWithinNs, [&] {
        return node_->node()->module()->status().open_session_count == 0 &&
               node_->node()->container()->status().session_count == 0;
    });
    for (auto& host : client_hosts_) {
        run_.await(host.host->name() + ": a driver without streams", kTidyWithinNs,
                   [&] { return is_tidy(*host.host, kClientDirectory); });
    }
}

void ClusterScenario::restart_node() {
    node_->ask_to_end();
    run_.await("the node's end", kEndsWithinNs, [&] { return !node_->is_running(); });
    check_log();
    node_->start();
    run_.await("the node to lead", kServedWithinNs, [&] {
        resume();
        return node_->is_serving();
    });
}

/// The whole life of the node up to here was without faults.
void ClusterScenario::shut_down() {
    std::int64_t tidy_by_ns = 0;
    node_->may_close_on = [&](node::CloseStep done) {
        if (done != node::CloseStep::archive) return true;
        if (tidy_by_ns == 0) tidy_by_ns = run_.now_ns() + kTidyWithinNs;
        if (is_tidy(*node_host_, node_->layout().aeron_directory)) return true;
        if (run_.now_ns() < tidy_by_ns) return false;
        run_.violation("the node's driver still has streams after all its clients have closed");
        return true;
    };
    run_.await("the operator", kEndsWithinNs, [&] { return is_attached(); });
    run_.await("SHUTDOWN to be taken", kEndsWithinNs,
               [&] { return operator_->request(ControlToggle::shutdown); });
    run_.await("the node's end after SHUTDOWN", kEndsWithinNs + kTidyWithinNs, [&] {
        operator_->watch_error_counters();
        return !node_->is_running();
    });
    node_->may_close_on = nullptr;
    for (const auto& found : node_->findings()) run_.violation("shutdown: " + found);
    for (const auto& found : operator_->moved_error_counters()) {
        run_.violation("shutdown: " + found);
    }
    for (const auto& found : operator_->error_log_entries()) run_.violation("shutdown: " + found);
    check_log();
}

/// No log buffers are left.
bool ClusterScenario::is_tidy(Host& host, const std::string& aeron_directory) {
    auto& disk = host.disk();
    for (const char* name : {"publications", "images"}) {
        const std::string directory = platform::join_path(aeron_directory, name);
        if (disk.find(directory) && !disk.list(directory).empty()) return false;
    }
    return true;
}

/// While the node is down.
void ClusterScenario::check_log() {
    if (node_->log_recording_id() < 0) return;
    auto& disk = node_host_->disk().options();
    const auto options = disk;
    disk.read_error_ppm = 0;
    auto& reader = node_host_->start("log-reader");
    checks_.check_log(reader.platform().storage, kMember, node_->layout().archive_directory(),
                      node_->log_recording_id(), kSegmentLength);
    reader.kill();
    disk = options;
}

}  // namespace

void play_cluster(Run& run) { ClusterScenario(run).play(); }

}  // namespace tern::sim
