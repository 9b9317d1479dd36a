#include "tern/archive/archive.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>

#include "tern/archive/archive_conductor.hpp"
#include "tern/base/timestamp.hpp"
#include "tern/platform/agent_runner.hpp"

namespace tern::archive {
namespace {

ArchiveContext prepared(ArchiveContext context, platform::Platform platform) {
    context.validate();
    auto& storage = platform.storage;
    if (context.aeron) {
        context.aeron_directory = context.aeron->context().aeron_directory;
    } else if (context.aeron_directory.empty()) {
        const auto given = platform.system.environment("AERON_DIR");
        context.aeron_directory = given ? *given : client::default_aeron_directory(platform);
    }
    context.archive_directory = storage.absolute(context.archive_directory);
    context.mark_file_directory = context.mark_file_directory.empty()
                                      ? context.archive_directory
                                      : storage.absolute(context.mark_file_directory);
    return context;
}

memory::ArchiveMarkFile acquire_mark_file(const ArchiveContext& context,
                                          platform::Platform platform) {
    platform.storage.create_directories(context.archive_directory, platform::Visibility::shared);
    platform.storage.create_directories(context.mark_file_directory, platform::Visibility::shared);
    memory::MarkFileAcquisition acquisition;
    acquisition.path =
        platform::join_path(context.mark_file_directory, memory::kArchiveMarkFileName);
    acquisition.error_log_length = context.error_buffer_length;
    acquisition.now_epoch_ms = platform.clock.epoch_ms();
    acquisition.pid = platform.system.process_id();
    acquisition.system = &platform.system;
    memory::ArchiveMarkFields fields;
    fields.archive_id = context.archive_id;
    fields.control_stream_id = context.control_stream_id;
    fields.local_control_stream_id = context.local_control_stream_id;
    fields.events_stream_id = context.recording_events_stream_id;
    fields.control_channel = context.control_channel;
    fields.local_control_channel = context.local_control_channel;
    fields.events_channel = context.recording_events_channel;
    fields.aeron_directory = context.aeron_directory;
    return memory::ArchiveMarkFile::acquire(platform.storage, acquisition, fields);
}

/// After the mark file says that nobody is using the directory.
void delete_old_archive(const ArchiveContext& context, platform::Storage& storage) {
    if (!context.delete_archive_on_start) return;
    for (const auto& name : storage.list(context.archive_directory)) {
        if (name != memory::kArchiveMarkFileName) {
            storage.remove_all(platform::join_path(context.archive_directory, name));
        }
    }
}

void write_file(platform::Storage& storage, const std::string& path, std::string_view text) {
    const auto file = storage.create(
        path, {.exclusive = false, .sparse = true, .visibility = platform::Visibility::shared});
    file->write_at(0, as_bytes(text));
}

void save_previous_errors(const memory::ArchiveMarkFile& mark_file, const ArchiveContext& context,
                          platform::Platform platform, EventLog& events) {
    if (mark_file.previous_errors().empty()) return;
    const auto now_ms = platform.clock.epoch_ms();
    const auto path =
        platform::join_path(context.mark_file_directory,
                            fmt::format("archive-{}-error.log", format_file_timestamp(now_ms)));
    write_file(platform.storage, path, mark_file.previous_errors());
    events.record(now_ms, "WARNING: existing errors saved to: " + path);
}

void write_mark_link(const ArchiveContext& context, platform::Storage& storage) {
    const auto link = platform::join_path(context.archive_directory, memory::kArchiveMarkLinkName);
    if (context.mark_file_directory == context.archive_directory) {
        storage.remove(link);
    } else {
        write_file(storage, link, context.mark_file_directory);
    }
}

CatalogOptions catalog_options(const ArchiveContext& context) {
    return {.archive_directory = context.archive_directory,
            .capacity = context.catalog_capacity,
            .file_sync_level = context.catalog_file_sync_level,
            .record_checksum = context.record_checksum,
            .io_buffer_length = context.file_io_max_length};
}

}  // namespace

// Members in the order in which they are needed; each is gone before those above it.
class Archive::Impl {
  public:
    Impl(ArchiveContext context, platform::Platform platform)
        : context_(prepared(std::move(context), platform)),
          events_(context_.event_sink),
          mark_file_(acquire_mark_file(context_, platform)),
          errors_(context_, platform, mark_file_.error_log(), events_) {
        delete_old_archive(context_, platform.storage);
        save_previous_errors(mark_file_, context_, platform, events_);
        write_mark_link(context_, platform.storage);
        catalog_.emplace(catalog_options(context_), platform);
        for (const auto& note : catalog_->open_notes()) {
            events_.record(platform.clock.epoch_ms(), note);
        }
        recorder_.emplace(platform, error_handler());
        replayer_.emplace(platform, error_handler(), context_.file_io_max_length);
        conductor_.emplace(ArchiveConductor::Dependencies{
            context_, platform, *catalog_, mark_file_, events_, errors_, *recorder_, *replayer_});
    }

    ~Impl() { close(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void start() {
        const auto strategy = [&](const std::string& own) {
            return platform::make_idle_strategy(own.empty() ? context_.idle_strategy : own);
        };
        switch (context_.threading_mode) {
            case ArchiveThreadingMode::invoker:
                break;
            case ArchiveThreadingMode::shared:
                composite_.emplace("archive", agents(), error_handler());
                run(*composite_, strategy({}));
                break;
            case ArchiveThreadingMode::dedicated:
                run(*conductor_, strategy({}));
                run(*recorder_, strategy(context_.recorder_idle_strategy));
                run(*replayer_, strategy(context_.replayer_idle_strategy));
                break;
        }
    }

    std::vector<Agent*> agents() { return {&*conductor_, &*recorder_, &*replayer_}; }

    int invoke() {
        if (closed_) return 0;
        if (!invoker_) {
            composite_.emplace("archive", agents(), error_handler());
            invoker_.emplace(*composite_, error_handler());
            invoker_->start();
        }
        return invoker_->invoke();
    }

    /// The close sequence of the header, from top to bottom.
    void close() noexcept {
        if (closed_) return;
        closed_ = true;
        while (!runners_.empty()) {  // replayer, recorder, conductor
            attempt([&] { runners_.back()->close(); });
            runners_.pop_back();
        }
        if (invoker_) attempt([&] { invoker_->close(); });
        attempt([&] { replayer_->on_close(); });
        attempt([&] { recorder_->on_close(); });
        attempt([&] { conductor_->close(); });
        attempt([&] { catalog_->close(); });
        const auto aeron = conductor_->aeron();
        if (aeron && !context_.aeron) attempt([&] { aeron->close(); });
        attempt([&] { mark_file_.signal_terminated(); });
    }

    [[nodiscard]] State state() const noexcept {
        if (!failure().empty()) return State::failed;
        switch (conductor_->state()) {
            case ArchiveConductor::State::running:
                return State::running;
            case ArchiveConductor::State::closed:
                return State::closed;
            default:
                return State::starting;
        }
    }
    [[nodiscard]] std::string failure() const {
        const std::scoped_lock lock(failure_mutex_);
        return failure_;
    }
    [[nodiscard]] const ArchiveConductor& conductor() const noexcept { return *conductor_; }
    [[nodiscard]] const ArchiveContext& context() const noexcept { return context_; }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }

  private:
    ErrorHandler error_handler() {
        return [this](const std::exception& error) {
            if (dynamic_cast<const AgentTermination*>(&error) != nullptr) {
                const std::scoped_lock lock(failure_mutex_);
                failure_ = error.what();
            }
            errors_.report(error);
        };
    }

    void run(Agent& agent, std::unique_ptr<platform::IdleStrategy> strategy) {
        runners_.push_back(
            std::make_unique<platform::AgentRunner>(agent, std::move(strategy), error_handler()));
        runners_.back()->start();
    }

    void attempt(const std::function<void()>& step) noexcept {
        try {
            step();
        } catch (const std::exception& error) {
            errors_.report(error);
        }
    }

    ArchiveContext context_;
    EventLog events_;
    memory::ArchiveMarkFile mark_file_;
    ErrorReporter errors_;
    mutable std::mutex failure_mutex_;
    std::string failure_;
    std::optional<Catalog> catalog_;
    std::optional<Recorder> recorder_;
    std::optional<Replayer> replayer_;
    std::optional<ArchiveConductor> conductor_;
    std::optional<platform::CompositeAgent> composite_;
    std::optional<platform::AgentInvoker> invoker_;
    std::vector<std::unique_ptr<platform::AgentRunner>> runners_;
    bool closed_ = false;
};

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Archive::~Archive() { close(); }

std::unique_ptr<Archive> Archive::launch(ArchiveContext context, platform::Platform platform) {
    auto impl = std::make_unique<Impl>(std::move(context), platform);
    impl->start();
    return std::unique_ptr<Archive>(new Archive(std::move(impl)));
}

std::vector<Agent*> Archive::agents() { return impl_->agents(); }
int Archive::invoke() { return impl_->invoke(); }
void Archive::close() { impl_->close(); }
Archive::State Archive::state() const noexcept { return impl_->state(); }
std::string Archive::failure() const { return impl_->failure(); }
std::int64_t Archive::archive_id() const noexcept { return impl_->conductor().archive_id(); }
const ArchiveContext& Archive::context() const noexcept { return impl_->context(); }
const EventLog& Archive::event_log() const noexcept { return impl_->events(); }
const std::shared_ptr<client::Aeron>& Archive::aeron() const noexcept {
    return impl_->conductor().aeron();
}

}  // namespace tern::archive
