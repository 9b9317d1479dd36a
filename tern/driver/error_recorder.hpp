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

namespace tern::driver {

class ErrorRecorder {
  public:
    ErrorRecorder(memory::DistinctErrorLog& log, memory::Counter errors, ErrorHandler handler);

    void record(const std::exception& error) noexcept;
    /// As record, for something that is no exception.
    void record(std::string_view text) noexcept;
    /// Logged, but not counted as an error.
    void warn(std::string_view text) noexcept;

    /// For agents.
    [[nodiscard]] ErrorHandler handler();

  private:
    memory::DistinctErrorLog& log_;
    memory::Counter errors_;
    ErrorHandler handler_;
};

}  // namespace tern::driver
