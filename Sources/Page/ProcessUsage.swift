import Foundation
import Glibc

/// This process's resource usage, as reported by Prometheus client libraries; values missing in `/proc` are omitted.
struct ProcessUsage: Sendable {
  var cpuSeconds: Double
  var residentBytes: Double?
  var virtualBytes: Double?
  var openDescriptors: Double?
  var mostDescriptors: Double?
  /// Seconds since 1970.
  var startTime: Double?

  static var current: ProcessUsage {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    var process = ProcessUsage(cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))

    let page = Double(sysconf(CInt(_SC_PAGESIZE)))
    let sizes = text("/proc/self/statm").split(separator: " ").compactMap { Double($0) }
    if sizes.count > 1 { (process.virtualBytes, process.residentBytes) = (sizes[0] * page, sizes[1] * page) }

    process.openDescriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))
      .map { Double($0.count) }
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      process.mostDescriptors = Double(limit.rlim_cur)
    }

    // The program's name may contain spaces and brackets; field 22 counts from 1 with the name as the second field.
    let stat = text("/proc/self/stat")
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    let boot = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }?.split(separator: " ").last
    if fields.count > 20, let ticks = Double(fields[20]), let boot = boot.flatMap({ Double($0) }) {
      process.startTime = boot + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
    }
    return process
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}
