import ArgumentParser
import Foundation
import Settings
import Tensors
import Training

/// The options of every stage.
struct StageOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Settings of the stage; config/train has presets.", valueName: "file.yaml"))
  var config: String

  @Option(help: ArgumentHelp("Run folder. An existing run is resumed.", valueName: "folder"))
  var out: String

  @OptionGroup var set: SettingOverrides

  @Flag(help: "Start over if there is a run already.")
  var restart = false

  @Option(help: "Processes that train together on this machine, each with its own batch.")
  var processes = 1

  @OptionGroup var machine: MachineOptions

  func validate() throws {
    guard (1...64).contains(processes) else { throw ValidationError("--processes must be 1 to 64") }
  }
}

/// One of several ranks, as described in the environment by torchrun or our own launcher.
struct Ranks {
  var rank: Int
  var size: Int
  var host: String
  var port: Int

  /// How long a rank may keep the others waiting before they give up.
  static let timeout = Duration.seconds(50)

  /// `nil` if this process trains alone.
  init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let size = environment["WORLD_SIZE"], size != "1" else { return nil }
    guard let size = Int(size), let rank = environment["RANK"].flatMap({ Int($0) }), (2...4096).contains(size),
      (0..<size).contains(rank), let host = environment["MASTER_ADDR"], !host.isEmpty,
      let port = environment["MASTER_PORT"].flatMap({ Int($0) }), (1...65535).contains(port)
    else {
      throw failure("WORLD_SIZE is set, but RANK, MASTER_ADDR and MASTER_PORT do not make a group of ranks", 64)
    }
    (self.rank, self.size, self.host, self.port) = (rank, size, host, port)
  }

  func join(_ device: Device) throws(TensorError) -> ProcessGroup {
    try ProcessGroup(host: host, port: port, rank: rank, size: size, timeout: Self.timeout, device: device)
  }
}
