import Evaluation
import Foundation

/// One clip with one window, whose softmax is `probabilities`.
func clip(_ name: String, _ label: Int, _ probabilities: [Double]) -> ScoredClip {
  ScoredClip(name: name, label: label, windows: [probabilities.map { Float(log($0)) }])
}

/// Scores of activities A, B, C and so on.
func scores(_ clips: [ScoredClip], labels: [String]? = nil, system: String = "I3D") throws -> ScoreFile {
  let count = clips[0].windows[0].count
  return try ScoreFile(
    labels: labels ?? (0..<count).map { String(UnicodeScalar(UInt8(65 + $0))) }, clips: clips, system: system,
    dataset: "Smarthome", protocolName: "CS", partition: "test")
}

/// Five clips of A, B and C; D does not occur.
func fiveClips() throws -> ScoreFile {
  try scores([
    clip("a1", 0, [0.7, 0.1, 0.1, 0.1]),
    clip("a2", 0, [0.2, 0.5, 0.2, 0.1]),
    clip("b1", 1, [0.1, 0.62, 0.18, 0.1]),
    clip("c1", 2, [0.42, 0.28, 0.2, 0.1]),
    clip("c2", 2, [0.04, 0.04, 0.82, 0.1]),
  ])
}
