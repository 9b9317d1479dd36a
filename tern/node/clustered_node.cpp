#include "tern/node/clustered_node.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/client/aeron.hpp"
#include "tern/driver/configuration.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::node {
namespace {

NodeThreading parse_threading(const std::string& text) {
    if (text == "single") return NodeThreading::single;
    if (text == "shared") return NodeThreading::shared;
    if (text == "dedicated") return NodeThreading::dedicated;
    throw ConfigurationError(
        fmt::format("tern.node.threading={}: expected single, shared or dedicated", text));
}

bool has_services(const memory::CountersReader& counters) {
    bool found = false;
    counters.for_each([&](std::int32_t id) {
        found = found || counters.type_id(id) == memory::counter_type::kClusteredServiceErrorCount;
    });
    return found;
}

constexpr std::array kCloseOrder{CloseStep::stop_cluster, CloseStep::container, CloseStep::module,
                                 CloseStep::archive, CloseStep::driver};

CloseStep close_step(std::size_t index) {
    auto order = kCloseOrder;
    if (planted(Fault::close_archive_before_module)) std::swap(order[2], order[3]);
    if (planted(Fault::close_driver_before_archive)) std::swap(order[3], order[4]);
    return order[index];
}

}  // namespace

std::string_view to_string(CloseStep step) noexcept {
    switch (step) {
        case CloseStep::stop_cluster:
            return "stop cluster";
        case CloseStep::container:
            return "container";
        case CloseStep::module:
            return "module";
        case CloseStep::archive:
            return "archive";
        case CloseStep::driver:
            return "driver";
    }
    return "unknown";
}

/// Module or container with what drives it: a thread, or the owner's invoke(). Notices that the
/// agent has ended by itself, and can hold it still between two duty cycles.
class ClusteredNode::Part final : public Agent {
  public:
    /// `after_close` runs on the agent's thread, once, when it has closed.
    Part(ClusteredNode& node, Agent& agent, std::function<void()> after_close = {})
        : node_(node), agent_(agent), after_close_(std::move(after_close)) {}

    void start_thread(std::string_view idle_strategy) {
        runner_ = std::make_unique<platform::AgentRunner>(
            *this, platform::make_idle_strategy(idle_strategy), [](const std::exception&) {});
        runner_->start();
    }
    void start_invoked() {
        invoker_ = std::make_unique<platform::AgentInvoker>(*this, [](const std::exception&) {});
        invoker_->start();
    }
    int invoke() { return invoker_ ? invoker_->invoke() : 0; }

    /// Returns when the agent stands still, or has ended.
    void hold() {
        is_held_.store(true, std::memory_order_release);
        node_.finish_turns();
        const auto idle = platform::make_idle_strategy("backoff");
        while (runner_ && !runner_->is_finished() && !is_still_.load(std::memory_order_acquire)) {
            idle->idle(0);
        }
    }
    void release() {
        is_still_.store(false, std::memory_order_relaxed);
        is_held_.store(false, std::memory_order_release);
    }
    void close() {
        if (runner_) runner_->close();
        if (invoker_) invoker_->close();
    }

    void on_start() override { agent_.on_start(); }
    int do_work() override {
        if (is_held_.load(std::memory_order_acquire)) {
            is_still_.store(true, std::memory_order_release);
            return 0;
        }
        try {
            return agent_.do_work();
        } catch (const AgentTermination& termination) {
            termination_ = termination;
            throw;
        }
    }
    void on_close() override {
        agent_.on_close();
        if (after_close_) after_close_();
        // Told only now: whoever waits for the end finds this part closed.
        if (termination_) node_.on_part_ended(*termination_);
    }
    [[nodiscard]] std::string_view role_name() const override { return agent_.role_name(); }

  private:
    ClusteredNode& node_;
    Agent& agent_;
    std::function<void()> after_close_;
    std::optional<AgentTermination> termination_;
    std::unique_ptr<platform::AgentRunner> runner_;
    std::unique_ptr<platform::AgentInvoker> invoker_;
    std::atomic<bool> is_held_{false};
    std::atomic<bool> is_still_{false};
};

/// All parts as one agent, for a node on one thread. Closing is not its business.
class ClusteredNode::SingleAgent final : public Agent {
  public:
    explicit SingleAgent(ClusteredNode& node) : node_(node) {}
    int do_work() override { return node_.invoke(); }
    [[nodiscard]] std::string_view role_name() const override { return "tern-node"; }

  private:
    ClusteredNode& node_;
};

/// One part as an agent, for an owner that chooses the order of turns. Closing is not its business.
class ClusteredNode::Turn final : public Agent {
  public:
    Turn(CloseStep closed_in, std::string_view role_name, std::function<int()> work)
        : closed_in_(closed_in), role_name_(role_name), work_(std::move(work)) {}
    int do_work() override { return is_stopped_ ? 0 : work_(); }
    [[nodiscard]] std::string_view role_name() const override { return role_name_; }
    void stop_before(CloseStep step) {
        if (step == closed_in_) is_stopped_ = true;
    }

  private:
    CloseStep closed_in_;
    bool is_stopped_ = false;
    std::string_view role_name_;
    std::function<int()> work_;
};

NodeContext NodeContext::from_properties(const Properties& properties,
                                         platform::Platform platform) {
    NodeContext context{.driver = driver::driver_context_from(properties, platform),
                        .archive = archive::ArchiveContext::from_properties(properties),
                        .module = cluster::ConsensusModuleContext::from_properties(properties)};
    context.threading = parse_threading(properties.get("tern.node.threading", "shared"));
    context.idle_strategy = properties.get("tern.node.idle.strategy", context.idle_strategy);
    return context;
}

ClusteredNode::ClusteredNode(NodeContext context, platform::Platform platform)
    : context_(std::move(context)), platform_(platform) {}

ClusteredNode::~ClusteredNode() { close(); }

std::unique_ptr<ClusteredNode> ClusteredNode::launch(NodeContext context,
                                                     platform::Platform platform) {
    std::unique_ptr<ClusteredNode> node(new ClusteredNode(std::move(context), platform));
    node->start();  // what it started before a failure is closed by the destructor
    return node;
}

void ClusteredNode::share_directories() {
    if (context_.driver.aeron_directory.empty()) {
        context_.driver.aeron_directory = driver::default_aeron_directory(platform_);
    }
    context_.archive.aeron_directory = context_.driver.aeron_directory;
    context_.module.aeron_directory = context_.driver.aeron_directory;
    const auto add_handler = [&](ErrorHandler& handler) {
        if (!handler) handler = context_.error_handler;
    };
    add_handler(context_.driver.error_handler);
    add_handler(context_.archive.error_handler);
    add_handler(context_.module.error_handler);
    if (!context_.container) return;
    context_.container->aeron_directory = context_.driver.aeron_directory;
    context_.container->cluster_directory = context_.module.cluster_directory;
    context_.container->cluster_id = context_.module.cluster_id;
    add_handler(context_.container->error_handler);
}

void ClusteredNode::prepare_threads() {
    if (context_.threading == NodeThreading::single) {
        context_.driver.threading_mode = driver::ThreadingMode::invoker;
        context_.archive.threading_mode = archive::ArchiveThreadingMode::invoker;
        context_.module.close_idle = [this] { idle_beside(module_part_.get()); };
        if (context_.container) {
            context_.container->idle = [this](int) { idle_beside(container_part_.get()); };
        }
        return;
    }
    const bool is_dedicated = context_.threading == NodeThreading::dedicated;
    context_.driver.threading_mode =
        is_dedicated ? driver::ThreadingMode::dedicated : driver::ThreadingMode::shared;
    context_.archive.threading_mode = is_dedicated ? archive::ArchiveThreadingMode::dedicated
                                                   : archive::ArchiveThreadingMode::shared;
}

void ClusteredNode::give_module_client() {
    if (!context_.is_module_client_given) return;
    client::Context client;
    client.aeron_directory = context_.driver.aeron_directory;
    client.client_name = context_.module.name();
    client.use_conductor_invoker = true;
    client.error_handler = context_.error_handler;
    if (context_.threading == NodeThreading::single) {
        client.await_idle = [this] { idle_beside(nullptr); };
    }
    module_client_ = client::Aeron::connect(std::move(client), platform_);
    context_.module.aeron = module_client_;
}

void ClusteredNode::start() {
    share_directories();
    prepare_threads();
    driver_ = driver::MediaDriver::launch(context_.driver, platform_);
    archive_ = archive::Archive::launch(context_.archive, platform_);
    give_module_client();
    start_cluster();
    if (context_.threading == NodeThreading::single && !context_.is_owner_driven) {
        single_agent_ = std::make_unique<SingleAgent>(*this);
        single_runner_ = std::make_unique<platform::AgentRunner>(
            *single_agent_, platform::make_idle_strategy(context_.idle_strategy),
            context_.error_handler ? context_.error_handler : [](const std::exception&) {});
        single_runner_->start();
    }
    is_started_ = true;
}

void ClusteredNode::start_cluster() {
    module_ = std::make_unique<cluster::ConsensusModule>(context_.module, platform_);
    module_part_ = std::make_unique<Part>(*this, *module_, [this] {
        if (module_client_) module_client_->close();
    });
    if (context_.container) {
        container_ = std::make_unique<cluster::ServiceContainer>(*context_.container, platform_);
        container_part_ = std::make_unique<Part>(*this, *container_);
    }
    for (Part* part : {module_part_.get(), container_part_.get()}) {
        if (part == nullptr) continue;
        if (context_.threading == NodeThreading::single) {
            part->start_invoked();
        } else {
            part->start_thread(context_.idle_strategy);
        }
    }
}

std::vector<Agent*> ClusteredNode::agents() {
    if (turns_.empty()) {
        const auto add = [&](CloseStep step, std::string_view name, std::function<int()> work) {
            turns_.push_back(std::make_unique<Turn>(step, name, std::move(work)));
        };
        add(CloseStep::driver, "driver", [this] { return driver_ ? driver_->invoke() : 0; });
        add(CloseStep::archive, "archive", [this] { return archive_ ? archive_->invoke() : 0; });
        add(CloseStep::module, "consensus-module",
            [this] { return module_part_ ? module_part_->invoke() : 0; });
        add(CloseStep::container, "service-container",
            [this] { return container_part_ ? container_part_->invoke() : 0; });
    }
    std::vector<Agent*> agents;
    for (const auto& turn : turns_) agents.push_back(turn.get());
    return agents;
}

int ClusteredNode::invoke() { return invoke_others(nullptr); }

void ClusteredNode::idle_beside(const Part* waiting) {
    if (context_.idle && is_started_) {
        context_.idle();
    } else {
        invoke_others(waiting);
    }
}

int ClusteredNode::invoke_others(const Part* waiting) {
    const auto invoke = [waiting](const std::unique_ptr<Part>& part) {
        return part && part.get() != waiting ? part->invoke() : 0;
    };
    int work = driver_ ? driver_->invoke() : 0;
    // What the module appends to the log is recorded, committed and served in the same round.
    work += invoke(module_part_);
    if (archive_) work += archive_->invoke();
    work += invoke(module_part_);
    work += invoke(container_part_);
    return work;
}

void ClusteredNode::on_part_ended(const AgentTermination& termination) {
    if (!termination.expected()) {
        const std::lock_guard lock(failure_mutex_);
        if (failure_.empty()) failure_ = termination.what();
    }
    if (!ended_.exchange(true, std::memory_order_acq_rel) && context_.on_end) context_.on_end();
}

std::string ClusteredNode::failure() const {
    const std::lock_guard lock(failure_mutex_);
    return failure_;
}

void ClusteredNode::close() {
    while (close_next()) {
    }
}

std::optional<CloseStep> ClusteredNode::close_next() {
    if (close_steps_done_ == kCloseOrder.size()) return std::nullopt;
    const CloseStep step = close_step(close_steps_done_++);
    end_turns(step);
    switch (step) {
        case CloseStep::stop_cluster:
            stop_cluster();
            break;
        case CloseStep::container:
            close_container();
            break;
        case CloseStep::module:
            close_module();
            break;
        case CloseStep::archive:
            if (archive_) archive_->close();
            archive_.reset();
            break;
        case CloseStep::driver:
            await_services();
            if (driver_) driver_->close();
            driver_.reset();
            break;
    }
    return step;
}

/// As joining a thread does it.
void ClusteredNode::end_turns(CloseStep step) {
    for (const auto& turn : turns_) turn->stop_before(step);
    finish_turns();
}

void ClusteredNode::finish_turns() {
    if (context_.finish_turns) context_.finish_turns();
}

void ClusteredNode::stop_cluster() {
    if (single_runner_) single_runner_->close();
    if (planted(Fault::close_container_beside_module)) return;
    if (container_part_) container_part_->hold();
    if (!module_part_) return;
    module_part_->hold();
    module_->quiesce();
    module_part_->release();  // from here on it only keeps its client and archive session alive
}

/// Services in other processes have acknowledged their termination, and are leaving. Whether they
/// have left shows in the counters that the driver frees with them.
void ClusteredNode::await_services() {
    const bool are_leaving = driver_ && ended() && failure().empty() && !context_.container;
    if (!are_leaving) return;
    const bool is_invoked = context_.threading == NodeThreading::single;
    const auto idle = platform::make_idle_strategy("backoff");
    const std::int64_t deadline_ns = platform_.clock.nano_time() + kServicesLeaveTimeoutNs;
    while (has_services(driver_->counters()) && platform_.clock.nano_time() < deadline_ns) {
        if (is_invoked) driver_->invoke();
        if (context_.idle) {
            context_.idle();
        } else {
            idle->idle(0);
        }
    }
}

void ClusteredNode::close_container() {
    if (container_part_) container_part_->close();
    container_part_.reset();
    container_.reset();
}

void ClusteredNode::close_module() {
    if (module_part_) module_part_->close();
    module_part_.reset();
    module_.reset();
    if (module_client_) module_client_->close();
    module_client_.reset();
    context_.module.aeron.reset();
}

}  // namespace tern::node
