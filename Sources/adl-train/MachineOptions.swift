import ArgumentParser
import Basics
import Foundation
import Tensors
import Training

/// Where and how numbers are computed.
struct MachineOptions: ParsableArguments {
  @Option(help: "Where to compute: cpu, cuda or cuda:N.")
  var device = "cpu"

  @Option(
    help: ArgumentHelp(
      """
      f32; bf16 (convolutions and products in bfloat16, weights and losses in float32); or tf32 (f32 with products that a \
      GPU rounds to ten bits).
      """))
  var precision = TrainingPrecision.float32

  @Option(help: "Cores per process; 0 for all.")
  var threads = 0

  func validate() throws {
    guard threads >= 0 else { throw ValidationError("--threads must be 0 or more") }
    guard precision != .tf32 || device != "cpu" else {
      throw ValidationError("--precision tf32 is for GPUs; add --device cuda")
    }
  }

  /// The same options as arguments for another command.
  var arguments: [String] {
    ["--device", device, "--precision", precision.rawValue, "--threads", "\(threads)"]
  }

  /// Sets the thread count, and checks that the device exists.
  func prepare() throws(TensorError) -> Device {
    Library.prepareForTraining(allowsTF32: precision == .tf32)
    Library.setThreads(threads > 0 ? threads : MachineLimits.current.threads)
    return try Device(parsing: device)
  }
}

extension TrainingPrecision: ExpressibleByArgument {}
