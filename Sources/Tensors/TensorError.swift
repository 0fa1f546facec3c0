import CTorch

/// A failure of libtorch, with its message.
package enum TensorError: Error, Equatable, CustomStringConvertible {
  case failed(operation: String, reason: String)
  /// The machine or GPU has no memory left for a tensor.
  case outOfMemory(operation: String, reason: String)
  case noDevice(asked: String, reason: String)

  /// The failure of the calling thread's last call.
  static func last(in operation: String) -> TensorError {
    let reason = unsafe String(cString: ctorch_last_error())
    let lowered = reason.lowercased()
    let isMemory = ["out of memory", "not enough memory", "t allocate memory"].contains { lowered.contains($0) }
    return isMemory
      ? .outOfMemory(operation: operation, reason: reason) : .failed(operation: operation, reason: reason)
  }

  package var description: String {
    switch self {
    case .failed(let operation, let reason): "libtorch failed in \(operation): \(reason)"
    case .outOfMemory(let operation, let reason): "no memory left in \(operation): \(reason)"
    case .noDevice(let asked, let reason): "device \(asked) cannot be used: \(reason)"
    }
  }
}

/// Turns a call's return code into an error.
func check(_ operation: String, _ code: CInt) throws(TensorError) {
  guard code == 0 else { throw .last(in: operation) }
}
