#pragma once
// How a ServiceContainer works inside: for service_container.cpp (start, duty cycle, close),
// service_log.cpp (joining and reading the log) and service_cluster.cpp (what the service calls).

#include <fmt/format.h>

#include <array>
#include <optional>

#include "tern/cluster/service/module_link.hpp"
#include "tern/cluster/service/service_container.hpp"
#include "tern/cluster/service/service_snapshot.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/wire/cluster_log_messages.hpp"

namespace tern::cluster {

class ServiceContainer::Impl final : public Cluster, public SessionHost {
  public:
    Impl(ServiceContainerContext context, platform::Platform platform);
    ~Impl() override;

    int do_work();
    void close() noexcept;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] ServiceContainerStatus status() const;

    // Cluster, for the service.
    [[nodiscard]] std::int32_t member_id() const override { return member_id_; }
    [[nodiscard]] Role role() const override { return role_; }
    [[nodiscard]] std::int64_t log_position() const override { return log_position_; }
    [[nodiscard]] std::int64_t time() const override { return cluster_time_; }
    [[nodiscard]] TimeUnit time_unit() const override { return time_unit_; }
    [[nodiscard]] client::Aeron& aeron() override { return *aeron_; }
    [[nodiscard]] ClientSession* session(std::int64_t id) override;
    void for_each_session(const std::function<void(ClientSession&)>& action) override;
    bool schedule_timer(std::int64_t id, std::int64_t deadline) override;
    bool cancel_timer(std::int64_t id) override;
    std::int64_t offer(ConstBytes message) override;
    void idle(int work_count) override;

    // SessionHost.
    void check_may_send() const override;
    [[nodiscard]] bool is_leader() const override { return role_ == Role::leader; }
    [[nodiscard]] std::int64_t leadership_term_id() const override { return leadership_term_id_; }
    [[nodiscard]] std::int64_t cluster_time() const override { return cluster_time_; }
    bool request_close(std::int64_t session_id) override;
    void report(const std::exception& error) noexcept override;

  private:
    enum class State : std::uint8_t {
        open_streams,
        await_commit_position,
        await_recovery_state,
        load_snapshot,
        start_service,
        close_snapshot,
        acknowledge_start,
        active,
        take_snapshot,
        terminate,
        closed,
    };
    enum class JoinStep : std::uint8_t {
        none,
        add_subscription,
        await_image,
        acknowledge,
        open_responses,
    };
    /// The callback that runs now, where it restricts what the service may do.
    enum class Callback : std::uint8_t { none, start, terminate, role_change, background_work };

    struct Counters {
        std::unique_ptr<client::Counter> errors, max_cycle, slow_cycles, max_snapshot,
            slow_snapshots;
    };

    // service_container.cpp
    void open_files();
    void connect();
    void install_handlers();
    bool tick();
    void update_mark_file();
    int do_state();
    int open_streams();
    [[nodiscard]] bool are_streams_open();
    int await_commit_position();
    int await_recovery_state();
    int load_snapshot();
    void start_service();
    void fail_start(const std::string& why);
    int close_snapshot();
    int acknowledge_start();
    int do_active();
    int handle_requests();
    int take_snapshot();
    void begin_termination();
    int terminate();
    void end(const std::string& why, bool expected);
    void call_on_terminate() noexcept;
    void track_cycle(std::int64_t started_ns);
    void wait_idle(int work_count);
    template <typename Step>
    void try_step(Step&& step) noexcept;

    // service_log.cpp
    void begin_join();
    int do_join();
    void attach_image();
    void finish_join();
    bool are_responses_open();
    void set_role(Role role);
    int poll_log();
    void leave_log();
    client::ControlledAction on_log_message(ConstBytes message, const client::Header& header);
    void on_session_message(ConstBytes message, const client::Header& header);
    client::ControlledAction on_session_open(ConstBytes message, std::int64_t position);
    void on_session_close(ConstBytes message, std::int64_t position);
    void on_timer(ConstBytes message, std::int64_t position);
    client::ControlledAction on_action(ConstBytes message);
    void on_new_term(ConstBytes message);
    void close_responses() noexcept;

    /// Runs a callback under its restriction and puts back the one from before.
    template <typename Action>
    void within(Callback callback, Action&& action) {
        struct Restore {
            Callback& current;
            Callback before;
            ~Restore() { current = before; }
        } restore{callback_, std::exchange(callback_, callback)};
        action();
    }

    ServiceContainerContext context_;
    platform::Platform platform_;
    std::string name_;
    std::unique_ptr<platform::IdleStrategy> idle_strategy_;

    std::optional<memory::ClusterMarkFile> mark_file_;
    std::optional<memory::DistinctErrorLog> error_log_;
    std::shared_ptr<client::Aeron> aeron_;
    bool is_aeron_owned_ = false;
    std::int64_t counter_handler_id_ = kNullValue;
    std::array<std::int64_t, 5> counter_registrations_{};
    Counters counters_;
    std::int64_t error_count_ = 0;

    State state_ = State::open_streams;
    Callback callback_ = Callback::none;
    bool is_active_ = false;
    bool is_commit_position_lost_ = false;
    bool is_terminate_called_ = false;
    std::int64_t last_tick_ns_ = 0;
    std::int64_t mark_file_deadline_ms_ = 0;

    std::unique_ptr<ModuleLink> module_;
    ModuleRequests requests_;
    std::optional<std::int64_t> snapshot_recording_id_;
    std::unique_ptr<ServiceSnapshotLoader> loader_;
    std::string start_error_;
    std::unique_ptr<ServiceSnapshotTaker> taker_;
    std::int64_t snapshot_started_ns_ = 0;
    std::int64_t termination_deadline_ns_ = 0;
    bool is_termination_expected_ = false;

    // The log.
    std::int32_t commit_position_id_ = -1;
    std::int64_t commit_position_registration_ = kNullValue;
    JoinStep join_step_ = JoinStep::none;
    JoinRequest joining_;
    std::int64_t log_subscription_id_ = kNullValue;
    std::unique_ptr<client::Subscription> log_subscription_;
    std::shared_ptr<client::Image> log_image_;
    client::ImageControlledFragmentAssembler<> log_assembler_{
        [this](ConstBytes message, const client::Header& header) {
            return on_log_message(message, header);
        }};
    std::int64_t max_log_position_ = 0;
    std::int32_t snapshot_flag_mask_ = 0;
    std::unique_ptr<ContainerSession> opening_;  // its response publication is being added

    // Cluster state.
    SessionMap sessions_;
    std::int32_t member_id_ = -1;
    Role role_ = Role::follower;
    std::int64_t log_position_ = kNullPosition;
    std::int64_t cluster_time_ = 0;
    std::int64_t leadership_term_id_ = kNullValue;
    TimeUnit time_unit_ = TimeUnit::milliseconds;
};

}  // namespace tern::cluster
