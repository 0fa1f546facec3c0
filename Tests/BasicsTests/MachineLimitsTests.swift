import Basics
import Testing

@Suite struct `Limits of the machine` {
  private func limits(cores: Int = 8, _ files: [String: String]) -> MachineLimits {
    MachineLimits(allowedCores: cores) { files[$0] }
  }

  @Test(
    arguments: [
      ("max 100000", nil, 8), ("50000 100000", 0.5, 1), ("150000 100000", 1.5, 2), ("1600000 100000", 16.0, 8),
      ("", nil, 8), ("nonsense", nil, 8), ("0 0", nil, 8),
    ] as [(String, Double?, Int)])
  func `cpu.max of cgroup version 2 limits the number of threads`(text: String, quota: Double?, threads: Int) {
    let limits = limits([
      "/proc/self/cgroup": "0::/system.slice/adld.service\n",
      "/sys/fs/cgroup/system.slice/adld.service/cpu.max": text + "\n",
    ])
    #expect(limits.cpuQuota == quota)
    #expect(limits.threads == threads)
  }

  @Test(
    arguments: [
      ("0-3", 4), ("0", 1), ("0,2-3,7", 4), ("0-63", 8), ("", 8), ("nonsense", 8), ("3-1", 8),
    ] as [(String, Int)])
  func `CPU affinity limits the number of threads`(list: String, threads: Int) {
    #expect(
      limits(["/proc/self/status": "Name:\tadld\nCpus_allowed_list:\t\(list)\nMems_allowed:\t1\n"]).threads == threads)
  }

  @Test func `the tightest limit among all enclosing control groups counts`() {
    let limits = limits([
      "/proc/self/cgroup": "0::/a/b/c\n", "/sys/fs/cgroup/a/cpu.max": "200000 100000",
      "/sys/fs/cgroup/a/b/cpu.max": "300000 100000", "/sys/fs/cgroup/a/b/c/cpu.max": "max 100000",
      "/sys/fs/cgroup/a/memory.max": "1000000000\n", "/sys/fs/cgroup/a/memory.current": "400000000\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 300000000\ninactive_file 50000000\n",
      "/sys/fs/cgroup/a/b/c/memory.max": "max\n", "/sys/fs/cgroup/a/b/c/memory.high": "900000000\n",
    ])
    #expect(limits.cpuQuota == 2)
    #expect(limits.freeMemory == 650_000_000)
  }

  @Test func `cgroup version 1 uses other files, and means no limit by -1 or a huge number`() {
    let groups = "5:cpu,cpuacct:/docker/f00\n4:memory:/docker/f00\n0::/docker/f00\n"
    let bounded = limits([
      "/proc/self/cgroup": groups, "/sys/fs/cgroup/cpu,cpuacct/docker/f00/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/f00/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/docker/f00/memory.limit_in_bytes": "2000\n",
      "/sys/fs/cgroup/memory/docker/f00/memory.usage_in_bytes": "3000\n",
    ])
    #expect(bounded.threads == 1)
    #expect(bounded.freeMemory == 0)
    let free = limits([
      "/proc/self/cgroup": groups, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    ])
    #expect(free == MachineLimits(allowedCores: 8) { _ in nil })
  }

  @Test func `a container that sees its own group as the root is limited by it`() {
    let limits = limits([
      "/proc/self/cgroup": "0::/../../docker/f00\n", "/sys/fs/cgroup/cpu.max": "25000 100000\n",
    ])
    #expect(limits.threads == 1)
    #expect(limits.summary == "a CPU quota of 0.25 cores: 1 thread")
  }
}
