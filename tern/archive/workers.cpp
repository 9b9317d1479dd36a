#include "tern/archive/workers.hpp"

#include "tern/client/exclusive_publication.hpp"
#include "tern/client/image.hpp"

namespace tern::archive {
namespace {

/// Takes over what was handed over, works on every session once, lets go of those that are done.
template <typename Session, typename Work, typename Done>
int work_on(Handover<Session>& queue, std::vector<Session*>& sessions,
            const ErrorHandler& error_handler, Work&& work, Done&& is_done) {
    int count = 0;
    while (Session* session = queue.pop()) {
        sessions.push_back(session);
        ++count;
    }
    for (std::size_t i = sessions.size(); i-- > 0;) {
        try {
            count += work(*sessions[i]);
        } catch (const std::exception& error) {
            error_handler(error);
        }
        if (is_done(*sessions[i])) {
            sessions[i]->release();
            sessions[i] = sessions.back();
            sessions.pop_back();
        }
    }
    return count;
}

template <typename Session>
void let_go(Handover<Session>& queue, std::vector<Session*>& sessions) {
    while (Session* session = queue.pop()) sessions.push_back(session);
    for (Session* session : sessions) {
        session->finish();
        session->release();
    }
    sessions.clear();
}

}  // namespace

int Recorder::do_work() {
    const auto bytes_before = statistics_.bytes;
    const int work = work_on(
        queue_, sessions_, error_handler_,
        [&](RecordingSession& session) { return session.do_work(statistics_); },
        [](const RecordingSession& session) { return session.is_stopped(); });
    counters.publish(statistics_, statistics_.bytes != bytes_before, platform_.clock.nano_time());
    return work;
}

void Recorder::on_close() { let_go(queue_, sessions_); }

int Replayer::do_work() {
    const auto bytes_before = statistics_.bytes;
    const int work = work_on(
        queue_, sessions_, error_handler_,
        [&](ReplaySession& session) { return session.do_work(buffer_, statistics_); },
        [](const ReplaySession& session) { return session.is_done(); });
    counters.publish(statistics_, statistics_.bytes != bytes_before, platform_.clock.nano_time());
    return work;
}

void Replayer::on_close() { let_go(queue_, sessions_); }

}  // namespace tern::archive
