#pragma once
// Where the errors and events of a consensus module go: the error counter (212), the distinct error
// log in the mark file, and the application's handler (CON-1.5, CON-16.1).
//
// Thread safety: the module's thread.

#include <exception>
#include <functional>
#include <string>

#include "tern/base/error.hpp"

namespace tern::cluster {

class ModuleErrors {
  public:
    using Record = std::function<void(const std::exception&)>;

    /// Any of the two may be empty.
    void set_handlers(Record error_log, ErrorHandler handler) {
        error_log_ = std::move(error_log);
        handler_ = std::move(handler);
    }
    void set_counter(std::function<void()> increment) { increment_ = std::move(increment); }

    /// Counted, logged, handed on.
    void report(const std::exception& error) {
        ++count_;
        if (increment_) increment_();
        record(error);
    }
    /// Something worth knowing that is no exception: counted too.
    void event(const std::string& message, Severity severity = Severity::warn) {
        report(Error(message, kGenericError, severity));
    }
    /// Logged and handed on, not counted: what ends an agent.
    void record(const std::exception& error) {
        if (error_log_) error_log_(error);
        if (handler_) handler_(error);
    }

    [[nodiscard]] std::int64_t count() const noexcept { return count_; }

  private:
    Record error_log_;
    ErrorHandler handler_;
    std::function<void()> increment_;
    std::int64_t count_ = 0;
};

}  // namespace tern::cluster
