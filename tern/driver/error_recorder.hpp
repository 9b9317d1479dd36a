#pragma once
// Where the driver's errors go: the distinct error log in the CnC file, the "Errors" counter, and
// the handler of whoever runs the driver (DRV-16.2).
//
// Thread safety: any thread.

#include <exception>
#include <string_view>

#include "tern/base/error.hpp"
#include "tern/memory/counter.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/clock.hpp"

namespace tern::driver {

class ErrorRecorder {
  public:
    /// `log` and `clock` outlive the recorder; `handler` may be empty.
    ErrorRecorder(memory::DistinctErrorLog& log, memory::Counter errors,
                  const platform::Clock& clock, ErrorHandler handler);

    void record(const std::exception& error) noexcept;
    /// Logged, but not counted as an error.
    void warn(std::string_view text) noexcept;

    /// For agents; refers to this recorder.
    [[nodiscard]] ErrorHandler as_handler();

  private:
    memory::DistinctErrorLog& log_;
    memory::Counter errors_;
    const platform::Clock& clock_;
    ErrorHandler handler_;
};

}  // namespace tern::driver
