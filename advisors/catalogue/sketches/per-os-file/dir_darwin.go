package dirs

// Shared is where programs keep what all users share.
const Shared = "/Library/Application Support"
