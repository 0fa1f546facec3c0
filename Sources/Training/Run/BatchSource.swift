/// Where a trainer gets its batches: recordings that are decoded, or tensors that are there already.
package protocol BatchSource {
  /// Batches an epoch holds for each rank.
  var batchesPerEpoch: Int { get }

  /// The batches of an epoch for this rank.
  ///
  /// The same epoch gives the same batches in the same order, however often it is begun.
  ///
  /// - Parameters:
  ///   - epoch: from 0.
  ///   - first: batches to leave out at the beginning.
  /// - Returns: the others.
  /// - Throws: when they cannot be opened.
  func batches(epoch: Int, from first: Int) throws -> any BatchSequence

  /// Clips to judge by, always the same; `nil` when there are none.
  func validation() throws -> (any BatchSequence)?
}

/// Batches one after the other.
package protocol BatchSequence: AnyObject {
  /// The next batch; `nil` after the last.
  ///
  /// - Throws: when too many clips cannot be read.
  func next() throws -> Batch?

  /// How long `next` has kept its caller waiting.
  var waited: Duration { get }

  /// Clips left out so far, each with the reason.
  var skipped: [(name: String, reason: String)] { get }
}
