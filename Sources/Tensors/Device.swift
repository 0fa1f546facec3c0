import CTorch

/// Where tensors are stored and computed.
package enum Device: Hashable, Sendable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// Parses `cpu`, `cuda` or `cuda:1`, and checks that it exists.
  ///
  /// - Parameter text: the device as users write it.
  /// - Throws: `TensorError.noDevice`.
  package init(parsing text: String) throws(TensorError) {
    switch text {
    case "cpu":
      self = .cpu
      return
    case "cuda": self = .cuda(0)
    default:
      guard text.hasPrefix("cuda:"), let ordinal = Int(text.dropFirst(5)), ordinal >= 0 else {
        throw .noDevice(asked: text, reason: "use cpu, cuda or cuda:N")
      }
      self = .cuda(ordinal)
    }
    guard ctorch_cuda_available() else {
      throw .noDevice(
        asked: text,
        reason: "libtorch \(Library.version) sees no CUDA; build against one that does: LIBTORCH=DIR make train")
    }
    guard case .cuda(let ordinal) = self, ordinal < Int(ctorch_cuda_count()) else {
      throw .noDevice(asked: text, reason: "there are \(ctorch_cuda_count()) CUDA devices")
    }
  }

  package var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let ordinal): "cuda:\(ordinal)"
    }
  }

  var ordinal: CInt {
    switch self {
    case .cpu: -1
    case .cuda(let ordinal): CInt(ordinal)
    }
  }

  /// Waits until the device has finished its work; a CPU always has.
  package func synchronize() throws(TensorError) { try check("synchronize", ctorch_synchronize(ordinal)) }

  /// Maximum bytes libtorch ever allocated on a CUDA device; `nil` if unknown, and for the CPU, where the process
  /// itself knows better.
  package var peakBytes: Int? {
    guard case .cuda(let ordinal) = self else { return nil }
    let bytes = Int(ctorch_cuda_peak_bytes(CInt(ordinal)))
    return bytes > 0 ? bytes : nil
  }
}

/// libtorch as a whole.
package enum Library {
  package static var version: String { unsafe String(cString: ctorch_version()) }
  package static var hasNCCL: Bool { ctorch_nccl_available() }
  /// Tensors currently held by Swift, over all threads; checked by leak tests.
  package static var liveTensors: Int { Int(ctorch_live_handles()) }

  /// Sets the number of threads per CPU operation.
  package static func setThreads(_ count: Int) { ctorch_set_threads(CInt(count)) }

  /// Prepares the process for training; call it first, on the training thread.
  ///
  /// Freed memory is kept for the next step, which needs the same again: this saves a sixth of a step. Denormal numbers
  /// count as zero: gradients of well-learned examples are full of them, and each costs as much as a hundred others.
  /// CUDA tries which algorithm is fastest, and computes float32 exactly.
  ///
  /// - Parameter allowsTF32: lets CUDA round the factors of convolutions and products to TF32, which is faster.
  package static func prepareForTraining(allowsTF32: Bool = false) {
    ctorch_keep_memory()
    ctorch_flush_denormals()
    ctorch_set_cuda_arithmetic(allowsTF32)
  }

  /// Seeds libtorch's own random numbers, which only dropout uses.
  package static func seed(_ seed: UInt64) throws(TensorError) { try check("seed", ctorch_manual_seed(seed)) }
}

/// How numbers are stored.
package enum ScalarType: Int32, Hashable, Sendable {
  case float32 = 0
  case float64 = 1
  case bfloat16 = 2
  case int64 = 3
  case uint8 = 4

  var size: Int {
    switch self {
    case .uint8: 1
    case .bfloat16: 2
    case .float32: 4
    case .float64, .int64: 8
    }
  }
}
