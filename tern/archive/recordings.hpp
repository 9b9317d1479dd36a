#pragma once
// Recording subscriptions and the recordings that their images become (ARC-4.4 to ARC-4.6, ARC-5
// of chapter 41).
//
// A start or extend request adds a subscription; each image of it becomes a recording session,
// which the recorder works on; when the recorder has let go, the catalog gets the stop position,
// the client its STOP signal, and the subscription is closed when nothing uses it any more.
// Nothing waits: what the driver has to answer is asked for and looked at in later cycles.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/control_sessions.hpp"
#include "tern/archive/recorded_position.hpp"
#include "tern/archive/recording_session.hpp"
#include "tern/archive/workers.hpp"

namespace tern::archive {

/// Tells whether files of a recording at or above a position are about to be deleted.
class PendingDeletes {
  public:
    virtual ~PendingDeletes() = default;
    [[nodiscard]] virtual bool is_deleting(std::int64_t recording_id) const = 0;
    /// Base of the highest segment still to be deleted, or -1.
    [[nodiscard]] virtual std::int64_t highest_segment(std::int64_t recording_id) const = 0;
};

struct RecordingSubscription {
    std::int64_t registration_id = -1;
    std::string key;
    std::int32_t stream_id = 0;
    std::string channel;   ///< subscribed to
    std::string stripped;  ///< for the catalog
    std::string original;  ///< as the client gave it
    std::int64_t control_session_id = -1;
    std::int64_t correlation_id = -1;
    bool auto_stop = false;
    std::int64_t extended_recording_id = -1;             ///< -1: each image becomes a new recording
    std::unique_ptr<client::Subscription> subscription;  ///< null until the driver has agreed
    std::vector<std::shared_ptr<client::Image>> arrivals;  ///< not yet recorded
    int references = 1;  ///< itself while it is listed, and each of its recording sessions
    bool listed = true;  ///< can be stopped and listed
};

/// In the order in which they were made.
class RecordingSubscriptions {
  public:
    using Map = std::map<std::int64_t, RecordingSubscription>;
    [[nodiscard]] const Map& all() const noexcept { return map_; }
    [[nodiscard]] std::int32_t listed_count() const noexcept;

  protected:
    Map map_;
};

class Recordings final : public RecordingSubscriptions {
  public:
    /// Recording subscriptions at a time, whether they have images or not.
    static constexpr std::size_t kMaxSubscriptions = 1024;

    Recordings(ArchiveServices& services, ControlSessions& sessions, Recorder& recorder,
               const PendingDeletes& deletes, RecordingEvents* events);

    struct StartRequest {
        std::int64_t correlation_id = 0;
        std::int64_t recording_id = -1;  ///< extend this one; -1: start
        std::int32_t stream_id = 0;
        bool is_local = false;
        bool auto_stop = false;
        std::string_view channel;
    };
    void start(ControlSession& session, const StartRequest& request);
    void extend(ControlSession& session, const StartRequest& request);
    void stop(ControlSession& session, std::int64_t correlation_id, std::int32_t stream_id,
              std::string_view channel);
    void stop_subscription(ControlSession& session, std::int64_t correlation_id,
                           std::int64_t subscription_id);
    void stop_by_identity(ControlSession& session, std::int64_t correlation_id,
                          std::int64_t recording_id);

    [[nodiscard]] bool is_active(std::int64_t recording_id) const {
        return active_.contains(recording_id);
    }
    /// Null when the recording is not active, or its extension has not begun yet.
    [[nodiscard]] std::shared_ptr<RecordedPosition> recorded(std::int64_t recording_id) const;

    int do_work();

    /// After the recorder has ended: every live recording gets its stop position into the catalog,
    /// then subscriptions are closed. Every step is tried.
    void close();

  private:
    struct ActiveRecording {
        std::int64_t recording_id = -1;
        std::int64_t subscription_id = -1;
        std::int64_t control_session_id = -1;
        std::int64_t correlation_id = -1;
        bool extending = false;
        bool auto_stop = false;
        bool stop_requested = false;
        bool handed_over = false;
        std::int64_t counter_id = -1;  ///< registration, until found
        std::shared_ptr<client::Image> image;
        std::shared_ptr<RecordedPosition> recorded;
        std::unique_ptr<RecordingSession> session;  ///< once the counter is there
    };

    void add_subscription(ControlSession& session, const StartRequest& request);
    bool has_key(const std::string& key) const;
    bool is_storage_low(ControlSession& session, std::int64_t correlation_id);
    int poll_subscriptions();
    bool poll_registration(RecordingSubscription& subscription);
    void on_image(RecordingSubscription& subscription, const std::shared_ptr<client::Image>& image);
    void start_recording(RecordingSubscription& subscription,
                         const std::shared_ptr<client::Image>& image);
    void extend_recording(RecordingSubscription& subscription,
                          const std::shared_ptr<client::Image>& image);
    [[nodiscard]] std::string why_not_extendable(const RecordingSubscription& subscription,
                                                 const client::Image& image, std::int32_t& code);
    void activate(RecordingSubscription& subscription, const std::shared_ptr<client::Image>& image,
                  std::int64_t recording_id, bool extending);
    int poll_active();
    bool poll_counter(ActiveRecording& recording);
    void begin_session(ActiveRecording& recording, std::unique_ptr<client::Counter> counter);
    void give_up(ActiveRecording& recording, const std::exception& error);
    void finish(ActiveRecording& recording);
    void unlist(RecordingSubscription& subscription);
    void dereference(std::int64_t subscription_id, bool close_now);
    void request_stop(ActiveRecording& recording);
    void attempt(const std::function<void()>& step) const;

    ArchiveServices& services_;
    ControlSessions& sessions_;
    Recorder& recorder_;
    const PendingDeletes& deletes_;
    RecordingEvents* events_;
    std::map<std::int64_t, ActiveRecording> active_;
};

}  // namespace tern::archive
