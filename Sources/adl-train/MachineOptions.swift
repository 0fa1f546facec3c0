import ArgumentParser
import Foundation
import Tensors
import Training

/// Where and how numbers are computed.
struct MachineOptions: ParsableArguments {
  @Option(help: "Where to compute: cpu, cuda or cuda:N.")
  var device = "cpu"

  @Option(help: "f32, or bf16: convolutions and products in bfloat16, weights and losses in float32.")
  var precision = TrainingPrecision.float32

  @Option(help: "Cores of one process; 0 takes all.")
  var threads = 0

  func validate() throws {
    guard threads >= 0 else { throw ValidationError("--threads must be 0 or more") }
  }

  /// The same for another command.
  var arguments: [String] {
    ["--device", device, "--precision", precision.rawValue, "--threads", "\(threads)"]
  }

  /// Sets the thread count, and looks whether the device is there.
  func prepare() throws(TensorError) -> Device {
    Library.prepareForTraining()
    Library.setThreads(threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount)
    return try Device(parsing: device)
  }
}

extension TrainingPrecision: ExpressibleByArgument {}
