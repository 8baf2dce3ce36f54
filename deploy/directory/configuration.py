"""The configuration of the sample slapd, as the LDIF that ``slapadd -n0`` turns into a configuration directory.

The order matters: modules before what they bring, schema before the databases. ``olcPasswordHash`` stands on the frontend
database, because the schemes of loaded modules are unknown to ``cn=config`` itself. Paths stand in quotes, or a blank ends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .certificates import TlsFiles
from .generate import BASE, DEFAULT_POLICY, RESET_DN, SERVICE_DN, UNITS, HashCost

ADMIN_DN = f"cn=admin,{BASE}"
SCHEMA_FOLDER = Path("/etc/ldap/schema")
MODULE_FOLDER = Path("/usr/lib/ldap")

_ARC = "2.25.226497830092625142432809422522457653666"
"""Made from a UUID (ITU-T X.667), so it needs no registration and collides with nobody."""

SCHEMA = f"""\
dn: cn=vn-province,cn=schema,cn=config
objectClass: olcSchemaConfig
cn: vn-province
olcAttributeTypes: ( {_ARC}.1.1 NAME 'vnUnitCode' DESC 'Agency code, QD 20/2020/QD-TTg'
  EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{{35}} SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.2 NAME 'vnUnitCode2016' DESC 'Agency code, QCVN 102:2016'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{{20}} SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.3 NAME 'vnUnitName' DESC 'Full name of the agency'
  SUP name SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.4 NAME 'vnUnitKind' DESC 'province, department, room, district or commune'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{{32}} SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.5 NAME 'vnValidFrom' DESC 'First day, YYYYMMDD'
  EQUALITY numericStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.36{{8}} SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.6 NAME 'vnValidTo' DESC 'Last day, YYYYMMDD'
  EQUALITY numericStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.36{{8}} SINGLE-VALUE )
olcAttributeTypes: ( {_ARC}.1.7 NAME 'vnPost' DESC 'Current post: rank, agency code, title and, of an acting post, last day'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
olcAttributeTypes: ( {_ARC}.1.8 NAME 'vnCitizenId' DESC 'Citizen or former identity number'
  EQUALITY numericStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.36{{12}} SINGLE-VALUE )
olcObjectClasses: ( {_ARC}.2.1 NAME 'vnUnit' DESC 'Agency of a province' SUP top AUXILIARY
  MUST ( vnUnitCode $ vnUnitName ) MAY ( vnUnitCode2016 $ vnUnitKind $ vnValidFrom $ vnValidTo ) )
olcObjectClasses: ( {_ARC}.2.2 NAME 'vnOfficer' DESC 'Officer of a province' SUP top AUXILIARY
  MAY ( vnPost $ vnCitizenId $ vnValidTo ) )
"""


@dataclass(frozen=True)
class Primary:
    """Whom a replica copies (RFC 4533); it takes no changes itself and refers to this one.

    Attributes:
        uri: Where it is copied from, on this machine.
        referral: Where changes are referred to.
        password: Of the directory's administrator there.
    """

    uri: str
    referral: str
    password: str


@dataclass(frozen=True)
class SlapdOptions:
    """What tests vary.

    Attributes:
        service_limits: olcLimits of the service account; the listener of directory changes needs unlimited ones.
        policy: DN of the default password policy.
        replica_of: The server is empty at first and copies this one.
    """

    service_limits: str = "size=unlimited time=unlimited"
    policy: str = DEFAULT_POLICY
    replica_of: Primary | None = None


def slapd_configuration(folder: Path, tls: TlsFiles, cost: HashCost, admin_password_hash: str,
                        options: SlapdOptions | None = None) -> str:
    """Give the configuration of a server whose files stand under ``folder``."""
    options = options or SlapdOptions()
    copying = "" if options.replica_of is None else f"""\
olcSyncrepl: {{0}}rid=001 provider={options.replica_of.uri} type=refreshAndPersist retry="1 +" bindmethod=simple
  binddn="{ADMIN_DN}" credentials="{options.replica_of.password}" searchbase="{BASE}" keepalive=30:3:5
olcUpdateRef: {options.replica_of.referral}
"""
    includes = "\n".join(f"include: file://{SCHEMA_FOLDER}/{name}.ldif" for name in ("core", "cosine", "inetorgperson"))
    indexes = "\n".join(f"olcDbIndex: {index}" for index in (
        "objectClass,uid,mail,memberOf,member,entryUUID,entryCSN,departmentNumber,vnUnitCode,employeeNumber eq",
        "cn,sn eq,sub"))
    return f"""\
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: "{folder}/slapd.pid"
olcLogLevel: none
olcIdleTimeout: 0
olcThreads: 8
olcToolThreads: 2
olcSizeLimit: 500
olcTLSCACertificateFile: "{tls.authority}"
olcTLSCertificateFile: "{tls.certificate}"
olcTLSCertificateKeyFile: "{tls.key}"
olcTLSProtocolMin: 3.3

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: {MODULE_FOLDER}
olcModuleLoad: back_mdb
olcModuleLoad: syncprov
olcModuleLoad: ppolicy
olcModuleLoad: memberof
olcModuleLoad: argon2 {cost.module_arguments}

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

{includes}

{SCHEMA}
dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcPasswordHash: {{ARGON2}}
olcAccess: to dn.base="" by * read
olcAccess: to dn.base="cn=subschema" by * read
olcAccess: to * by * none

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcAccess: to * by * none

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcDbDirectory: "{folder}/data"
olcDbMaxSize: 2147483648
olcDbNoSync: TRUE
olcDbCheckpoint: 256 1
olcSuffix: {BASE}
olcRootDN: {ADMIN_DN}
olcRootPW: {admin_password_hash}
{copying}\
olcLimits: dn.exact="{SERVICE_DN}" {options.service_limits}
olcAccess: to dn.subtree="{UNITS}" attrs=userPassword
  by self =xw by anonymous auth by dn.exact="{RESET_DN}" manage by * none
olcAccess: to attrs=userPassword by self =xw by anonymous auth by * none
olcAccess: to dn.subtree="{UNITS}" attrs=pwdReset
  by dn.exact="{RESET_DN}" =w by dn.exact="{SERVICE_DN}" read by * none
olcAccess: to attrs=vnCitizenId by * none
olcAccess: to * by dn.exact="{SERVICE_DN}" read by * none
{indexes}

dn: olcOverlay={{0}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOfConfig
olcOverlay: {{0}}memberof
olcMemberOfRefInt: TRUE

dn: olcOverlay={{1}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{1}}ppolicy
olcPPolicyDefault: {options.policy}
olcPPolicyHashCleartext: TRUE
olcPPolicyUseLockout: TRUE

dn: olcOverlay={{2}}syncprov,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: {{2}}syncprov
olcSpCheckpoint: 100 10
olcSpSessionlog: 2000
"""
