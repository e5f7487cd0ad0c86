# SPDX-License-Identifier: Apache-2.0
# Stands in for the few parts of the Python package `cryptography` that ansible-vault uses, on nodes that lack the package:
# AES-CTR, PKCS7, HMAC-SHA256 and PBKDF2, in pure Python. Never used where the real package can be imported.
import hashlib
import hmac
import struct
import sys
import types


def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ ((p << 1) & 0xFF) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rotated = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (rotated & 0xFF) ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return box


_SBOX = _sbox()


def _double(value):
    return ((value << 1) ^ (0x1B if value & 0x80 else 0)) & 0xFF


def _rotate(word, bits):
    return ((word >> bits) | (word << (32 - bits))) & 0xFFFFFFFF


# SubBytes, ShiftRows and MixColumns of one byte as a table; the other three columns are rotations.
_TABLE = [(_double(s) << 24) | (s << 16) | (s << 8) | (_double(s) ^ s) for s in _SBOX]


class _Aes:
    """The forward cipher; counter mode needs no other."""

    def __init__(self, key):
        words = list(struct.unpack('>%dL' % (len(key) // 4), key))
        size, self.rounds, constant = len(words), len(words) + 6, 1
        for index in range(size, 4 * (self.rounds + 1)):
            word = words[-1]
            if index % size == 0:
                word = self._substitute(_rotate(word, 24)) ^ (constant << 24)
                constant = _double(constant)
            elif size > 6 and index % size == 4:
                word = self._substitute(word)
            words.append(words[index - size] ^ word)
        self.words = words

    @staticmethod
    def _substitute(word):
        return (
            (_SBOX[word >> 24] << 24)
            | (_SBOX[(word >> 16) & 0xFF] << 16)
            | (_SBOX[(word >> 8) & 0xFF] << 8)
            | _SBOX[word & 0xFF]
        )

    def encrypt(self, block):
        state = [a ^ b for a, b in zip(struct.unpack('>4L', block), self.words)]
        for number in range(1, self.rounds):
            state = [
                _TABLE[state[i] >> 24]
                ^ _rotate(_TABLE[(state[(i + 1) % 4] >> 16) & 0xFF], 8)
                ^ _rotate(_TABLE[(state[(i + 2) % 4] >> 8) & 0xFF], 16)
                ^ _rotate(_TABLE[state[(i + 3) % 4] & 0xFF], 24)
                ^ self.words[4 * number + i]
                for i in range(4)
            ]
        last = [
            (_SBOX[state[i] >> 24] << 24)
            | (_SBOX[(state[(i + 1) % 4] >> 16) & 0xFF] << 16)
            | (_SBOX[(state[(i + 2) % 4] >> 8) & 0xFF] << 8)
            | _SBOX[state[(i + 3) % 4] & 0xFF]
            for i in range(4)
        ]
        return struct.pack('>4L', *[a ^ b for a, b in zip(last, self.words[4 * self.rounds :])])


class AES:
    block_size = 128

    def __init__(self, key):
        self.key = key


class CTR:
    def __init__(self, nonce):
        self.nonce = nonce


class _Stream:
    def __init__(self, key, nonce):
        self.aes, self.counter, self.rest = _Aes(key), int.from_bytes(nonce, 'big'), b''

    def update(self, data):
        while len(self.rest) < len(data):
            self.rest += self.aes.encrypt(self.counter.to_bytes(16, 'big'))
            self.counter = (self.counter + 1) % (1 << 128)
        key, self.rest = self.rest[: len(data)], self.rest[len(data) :]
        return bytes(a ^ b for a, b in zip(data, key))

    def finalize(self):
        return b''


class Cipher:
    def __init__(self, algorithm, mode, backend=None):
        self.algorithm, self.mode = algorithm, mode

    def encryptor(self):
        return _Stream(self.algorithm.key, self.mode.nonce)

    decryptor = encryptor


class InvalidSignature(Exception):
    pass


class SHA256:
    name = 'sha256'


class HMAC:
    def __init__(self, key, algorithm, backend=None):
        self.state = hmac.new(key, digestmod=algorithm.name)

    def update(self, data):
        self.state.update(data)

    def finalize(self):
        return self.state.digest()

    def verify(self, signature):
        if not hmac.compare_digest(self.state.digest(), signature):
            raise InvalidSignature('Signature did not match digest.')


class PBKDF2HMAC:
    def __init__(self, algorithm, length, salt, iterations, backend=None):
        self.values = algorithm.name, salt, iterations, length

    def derive(self, password):
        name, salt, iterations, length = self.values
        return hashlib.pbkdf2_hmac(name, password, salt, iterations, length)


class _Padder:
    def __init__(self, size):
        self.size, self.data = size, b''

    def update(self, data):
        self.data += data
        return b''

    def finalize(self):
        count = self.size - len(self.data) % self.size
        return self.data + bytes([count]) * count


class _Unpadder(_Padder):
    def finalize(self):
        count = self.data[-1] if self.data else 0
        if not 0 < count <= self.size or self.data[-count:] != bytes([count]) * count:
            raise ValueError('Invalid padding bytes.')
        return self.data[:-count]


class PKCS7:
    def __init__(self, bits):
        self.size = bits // 8

    def padder(self):
        return _Padder(self.size)

    def unpadder(self):
        return _Unpadder(self.size)


def install():
    """Registers the parts under the names by which ansible-vault imports them."""
    base = 'cryptography.hazmat'
    contents = {
        'cryptography': {},
        'cryptography.exceptions': {'InvalidSignature': InvalidSignature},
        base: {},
        base + '.backends': {'default_backend': lambda: None},
        base + '.primitives': {},
        base + '.primitives.hashes': {'SHA256': SHA256},
        base + '.primitives.padding': {'PKCS7': PKCS7},
        base + '.primitives.hmac': {'HMAC': HMAC},
        base + '.primitives.kdf': {},
        base + '.primitives.kdf.pbkdf2': {'PBKDF2HMAC': PBKDF2HMAC},
        base + '.primitives.ciphers': {'Cipher': Cipher},
        base + '.primitives.ciphers.algorithms': {'AES': AES},
        base + '.primitives.ciphers.modes': {'CTR': CTR},
    }
    for name, members in contents.items():
        module = types.ModuleType(name)
        module.__path__ = []
        vars(module).update(members)
        sys.modules[name] = module
        parent, _, child = name.rpartition('.')
        if parent:
            setattr(sys.modules[parent], child, module)
